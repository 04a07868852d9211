// The buttons under a result card. Each asks the kernel and shows its answer below the row; where
// the kernel asks back, two more buttons appear.

function button(text) {
  const made = document.createElement("button");
  made.type = "button";
  made.textContent = text;
  made.setAttribute("data-lm-suppress-shortcuts", "true"); // see quiz.js
  return made;
}

function render({ model, el }) {
  const row = document.createElement("div");
  row.className = "drydock-actions";
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", `Help with: ${model.get("name")}`);
  const status = document.createElement("div");
  status.setAttribute("aria-live", "polite");
  const openers = {};
  for (const [action, text] of Object.entries(model.get("labels"))) {
    openers[action] = button(text);
    openers[action].addEventListener("click", () => model.send({ action, sure: false }));
    row.append(openers[action]);
  }
  row.append(status);
  const confirm = (action) => {
    const yes = button("Yes");
    const no = button("No");
    const close = () => { status.replaceChildren(); openers[action].focus(); };
    yes.addEventListener("click", () => { close(); model.send({ action, sure: true }); });
    no.addEventListener("click", close);
    status.append(yes, " ", no);
    yes.focus();
  };
  const hear = ({ html, ask }) => {
    status.innerHTML = html; // escaped by the kernel
    if (ask) confirm(ask);
  };
  model.on("msg:custom", hear);
  el.replaceChildren(row);
  return () => model.off("msg:custom", hear);
}

export default { render };
