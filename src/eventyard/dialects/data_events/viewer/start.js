// Shows the document that anybody may see, and on demand that of a project whose key the reader has. The key stays in
// the form's field: it is sent to this hub and kept nowhere.
if (typeof Compiler === "function") globalThis.Function = Compiler;

const ask = document.getElementById("ask");
const { key, project, said } = ask.elements;
const main = document.querySelector("main");
const viewer = document.getElementById("viewer");

ask.addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(async () => {
    const projects = await (await get("/v1/projects?limit=500")).json();
    projects.sort((one, other) => one.name.localeCompare(other.name));
    project.replaceChildren(...projects.map(({ id, name }) => new Option(name, id)));
    project.closest("label").hidden = false;
    await show(project.value);
  });
});
project.addEventListener("change", () => attempt(() => show(project.value)));
ask.hidden = false;
attempt(() => draw("/asyncapi.json"));

async function show(id) {
  const query = `?project_id=${encodeURIComponent(id)}`;
  if (globalThis.AsyncApiStandalone) {
    await draw(`/asyncapi.json${query}`);
  } else {
    const page = new DOMParser().parseFromString(await (await get(`/asyncapi${query}`)).text(), "text/html");
    main.replaceChildren(...page.querySelector("main").childNodes);
  }
}

async function draw(path) {
  if (!globalThis.AsyncApiStandalone) return;
  const schema = parsed(await (await get(path)).json());
  const place = document.createElement("div");
  const config = { show: { errors: false }, sidebar: { useChannelAddressAsIdentifier: true } };
  AsyncApiStandalone.render({ schema, config }, place);
  viewer.replaceChildren(place);
  main.hidden = true;
}

async function get(path) {
  const answer = await fetch(path, { headers: key.value ? { authorization: `Bearer ${key.value}` } : {} });
  if (!answer.ok) throw new Error((await answer.json()).detail);
  return answer;
}

async function attempt(step) {
  said.value = "";
  try {
    await step();
  } catch (error) {
    said.value = error.message;
  }
}

// What @asyncapi/parser would make of a valid document: names put into what they name, references replaced by what
// they lead to. The parser itself is left out: it is large, and compiles text into script.
function parsed(whole) {
  const name = (objects, mark) => Object.entries(objects ?? {}).forEach(([id, object]) => (object[mark] = id));
  const resolved = (value) => {
    while (typeof value?.$ref === "string") value = led(whole, value.$ref);
    return value;
  };
  for (const { messages } of Object.values(whole.channels))
    for (const id of Object.keys(messages)) messages[id] = { ...resolved(messages[id]) };
  for (const { messages } of Object.values(whole.channels)) name(messages, "x-parser-unique-object-id");
  for (const objects of [whole.channels, whole.operations, whole.components.messages])
    name(objects, "x-parser-unique-object-id");
  name(whole.components.schemas, "x-parser-schema-id");
  const seen = new Set();
  const walk = (value) => {
    if (typeof value !== "object" || value === null || seen.has(value)) return;
    seen.add(value);
    for (const id of Object.keys(value)) walk((value[id] = resolved(value[id])));
  };
  walk(whole);
  return { ...whole, "x-parser-spec-parsed": true, "x-parser-api-version": 1 };
}

function led(whole, reference) {
  const tokens = decodeURIComponent(reference.slice(1)).split("/").slice(1);
  return tokens.reduce((value, token) => value[token.replaceAll("~1", "/").replaceAll("~0", "~")], whole);
}
