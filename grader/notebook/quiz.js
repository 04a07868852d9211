// The live form of a quiz: native controls in fieldsets, one polite live region per question.
// Knows no answers: it sends what was chosen to the kernel and shows what comes back.

const ASK = {
  single: "Choose one.",
  several: "Choose all that are right.",
  number: "Type a number.",
  order: "Put the steps in order.",
  command: "Type the command.",
};

function node(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  const { html, aria = {}, ...rest } = properties;
  Object.assign(made, rest);
  for (const [name, value] of Object.entries(aria)) made.setAttribute(`aria-${name}`, value);
  if (html !== undefined) made.innerHTML = html; // escaped by the kernel
  made.append(...children);
  return made;
}

// JupyterLab's single-letter and arrow shortcuts would act on the notebook while a control that
// is not a text field has the focus.
function keepKeys(control) {
  control.setAttribute("data-lm-suppress-shortcuts", "true");
  return control;
}

function choices(question, type, name) {
  const inputs = question.options.map((option) =>
    keepKeys(node("input", { type, name, value: String(option.index) })),
  );
  const rows = question.options.map((option, i) =>
    node("label", { className: "drydock-option" }, inputs[i], node("span", { html: option.html })),
  );
  const picked = () => inputs.filter((input) => input.checked).map((input) => Number(input.value));
  return { rows, answer: () => (type === "radio" ? (picked()[0] ?? null) : picked()) };
}

function field(label, mode) {
  const input = node("input", { type: "text", autocomplete: "off", spellcheck: false });
  input.setAttribute("autocapitalize", "off");
  if (mode) input.inputMode = mode;
  else input.className = "drydock-command";
  // Inside a notebook, Enter in a text field was seen not to submit its form by itself.
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.isComposing) return;
    event.preventDefault();
    input.form.requestSubmit();
  });
  const row = node("label", { className: "drydock-field" }, node("span", { html: label }), input);
  return { rows: [row], answer: () => input.value };
}

function ordering(question, tell) {
  const list = node("ol", { className: "drydock-order" });
  const answer = () => [...list.children].map((item) => Number(item.dataset.index));
  const move = (item, by, text) => {
    const items = [...list.children];
    const target = items.indexOf(item) + by;
    if (target < 0 || target >= items.length) return tell(`${text}: already there.`);
    if (by < 0) items[target].before(item);
    else items[target].after(item);
    tell(`${text}: now step ${target + 1} of ${items.length}.`);
  };
  for (const option of question.options) {
    const text = node("span", { html: option.html });
    const item = node("li", {}, node("div", { className: "drydock-step" }, text));
    item.dataset.index = option.index;
    for (const [sign, name, by] of [["↑", "Move up", -1], ["↓", "Move down", 1]]) {
      const label = `${name}: ${text.textContent}`;
      const button = node("button", { type: "button", textContent: sign, title: name });
      button.setAttribute("aria-label", label);
      button.addEventListener("click", () => {
        move(item, by, text.textContent);
        button.focus(); // moving an element in the page takes its focus away
      });
      item.firstChild.append(keepKeys(button));
    }
    list.append(item);
  }
  return { rows: [list], answer };
}

function build(question, number, name, ask) {
  const feedback = node("div", { className: "drydock-feedback", aria: { live: "polite" } });
  feedback.setAttribute("role", "status");
  const whisper = node("div", { className: "drydock-unseen", aria: { live: "polite" } });
  const tell = (text) => { whisper.textContent = text; };
  const part = {
    single: () => choices(question, "radio", name),
    several: () => choices(question, "checkbox", name),
    number: () => field("Your number", "decimal"),
    order: () => ordering(question, tell),
    command: () => field("Your command", ""),
  }[question.kind]();
  const legend = node("legend", {}, node("span", { html: `<b>Question ${number}.</b> ` }));
  legend.append(node("div", { html: question.html }));
  const kind = node("p", { className: "drydock-kind", textContent: ASK[question.kind] });
  const check = keepKeys(node("button", { type: "submit", textContent: "Check" }));
  const form = node("form", { noValidate: true }, node("fieldset", {},
    legend, kind, ...part.rows, check, whisper, feedback));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    feedback.textContent = "Checking…";
    ask({ question: question.id, answer: part.answer() });
  });
  const show = (verdict) => {
    const state = verdict.right === null ? "open" : verdict.right ? "right" : "wrong";
    form.dataset.state = state;
    const word = { open: "Not answered yet.", right: "✓ Right.", wrong: "✗ Not right." }[state];
    const notes = verdict.notes.map((note) =>
      node("li", {}, node("b", { html: note.title }), " ", node("span", { html: note.html })));
    feedback.replaceChildren(
      node("b", { className: "drydock-word", textContent: word }),
      node("div", { html: verdict.html }),
      ...(notes.length ? [node("ul", {}, ...notes)] : []),
      ...(verdict.receipt ? [node("div", { html: `<p>A run that shows it:</p>${verdict.receipt}` })] : []),
    );
  };
  if (question.answered) {
    form.dataset.state = "right";
    feedback.textContent = "✓ You have answered this one right before. Try it again if you like.";
  }
  return { form, show };
}

function render({ model, el }) {
  const content = model.get("content");
  const unique = `drydock-${Math.random().toString(36).slice(2)}`;
  const title = node("h3", { id: unique, html: content.title });
  const tally = node("p", { className: "drydock-tally" });
  const parts = new Map();
  const count = () => {
    const right = [...parts.values()].filter((part) => part.form.dataset.state === "right").length;
    tally.textContent = `${right} of ${parts.size} answered right`;
  };
  const section = node("section", { className: "drydock-quiz", aria: { labelledby: unique } },
    title, tally);
  content.questions.forEach((question, i) => {
    const part = build(question, i + 1, `${unique}-${i}`, (message) => model.send(message));
    parts.set(question.id, part);
    section.append(part.form);
  });
  count();
  const hear = (verdict) => {
    parts.get(verdict.question)?.show(verdict);
    count();
  };
  model.on("msg:custom", hear);
  el.replaceChildren(section);
  return () => model.off("msg:custom", hear);
}

export default { render };
