// What GitHub's own evaluator (@actions/expressions) makes of expressions: JSON in, JSON out.
import fs from "node:fs";
import { Evaluator, Lexer, Parser, data } from "@actions/expressions";

function lift(value) {
  if (value === null) return new data.Null();
  if (typeof value === "boolean") return new data.BooleanData(value);
  if (typeof value === "number") return new data.NumberData(value);
  if (typeof value === "string") return new data.StringData(value);
  if (Array.isArray(value)) return new data.Array(...value.map(lift));
  const pairs = Object.entries(value).map(([key, each]) => ({ key, value: lift(each) }));
  return new data.Dictionary(...pairs);
}

const { context, expressions } = JSON.parse(fs.readFileSync(0, "utf8"));
const contexts = lift(context);

function evaluated(text) {
  try {
    const { tokens } = new Lexer(text).lex();
    const parsed = new Parser(tokens, Object.keys(context), []).parse();
    const found = new Evaluator(parsed, contexts).evaluate();
    return { kind: data.Kind[found.kind], text: found.coerceString() };
  } catch (error) {
    return { error: String(error.message ?? error) };
  }
}

console.log(JSON.stringify(expressions.map(evaluated)));
