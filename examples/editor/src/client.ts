/*
 * The page of the editor: connects with y-partykit's provider, ties the text field to the document, draws the carets of
 * the others.
 *
 * Built by the host (`serve.build`) to /dist/client.js. Without a connection one can go on writing; both texts become
 * one when it is back. A name and a colour are made up once per tab.
 */

import YPartyKitProvider from "y-partykit/provider";
import * as Y from "yjs";
import { TextareaBinding } from "./binding";

type Person = { name: string; hue: number; caret?: unknown };

const ANIMALS = ["Otter", "Heron", "Badger", "Lynx", "Marten", "Wren", "Hare", "Newt", "Crane", "Mole", "Finch", "Seal"];
const STATES = { connecting: "Connecting…", connected: "Connected", disconnected: "Offline, your text is kept here" };

const $ = (id: string) => document.getElementById(id) as HTMLElement;
const field = $("text") as HTMLTextAreaElement;

const doc = new Y.Doc();
const room = location.hash.slice(1) || "lobby";
const provider = new YPartyKitProvider(location.host, room, doc);
const binding = new TextareaBinding(doc.getText("text"), field, draw);
const hue = Math.floor(Math.random() * 360);
const name = sessionStorage.getItem("name") ?? ANIMALS[Math.floor(Math.random() * ANIMALS.length)];
sessionStorage.setItem("name", name);

provider.awareness.setLocalState({ name, hue });
provider.awareness.on("change", draw);
provider.on("status", ({ status }: { status: keyof typeof STATES }) => {
  $("status").textContent = STATES[status];
  $("status").dataset.state = { connecting: "connecting", connected: "open", disconnected: "lost" }[status];
});
provider.on("synced", () => {
  field.disabled = false;
  field.placeholder = "Write something. Everybody here sees it.";
});

const tellCaret = () => {
  const caret = document.activeElement === field ? binding.caret() : null;
  provider.awareness.setLocalStateField("caret", caret);
};
document.addEventListener("selectionchange", tellCaret);
field.addEventListener("blur", tellCaret);
addEventListener("hashchange", () => location.reload());

function element(className: string, text: string, hue: number) {
  const made = document.createElement("span");
  made.className = className;
  made.textContent = text;
  made.style.setProperty("--hue", String(hue));
  return made;
}

/** The people above the text, and a copy of the text below it in which only the carets can be seen. */
function draw() {
  const others: Person[] = [];
  for (const [id, person] of provider.awareness.getStates() as Map<number, Person>) {
    if (id !== doc.clientID && person.name) others.push(person);
  }
  const everybody = [{ name: `${name} (you)`, hue }, ...others];
  $("people").replaceChildren(...everybody.map((person) => element("person", person.name, person.hue)));

  const carets = others.flatMap(({ name, hue, caret }) => {
    const index = caret ? binding.indexOf(caret) : null;
    return index === null ? [] : [{ name, hue, index }];
  });
  carets.sort((a, b) => a.index - b.index);
  const parts: (string | Node)[] = [];
  let from = 0;
  for (const { name, hue, index } of carets) {
    const caret = element("caret", "", hue);
    caret.append(element("flag", name, hue));
    parts.push(field.value.slice(from, index), caret);
    from = index;
  }
  // A last line that is empty would not be laid out without something in it.
  $("carets").replaceChildren(...parts, `${field.value.slice(from)}\u200b`);
}
draw();
