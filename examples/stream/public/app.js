/*
 * The page that asks: POSTs the question and reads server-sent events from the answer, as `EventSource` can only GET.
 * "Stop" drops the connection, and the room stops writing. A broken connection is said, with what had come so far.
 */

const $ = (id) => document.getElementById(id);
const room = `/party/${location.hash.slice(1) || "lobby"}`;
let asking = null;

/** The events of a body, each as its name and its data. */
async function* events(body) {
  let rest = "";
  for (const reader = body.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
    const { value, done } = await reader.read();
    if (done) return;
    const parts = (rest + value).split("\n\n");
    rest = parts.pop();
    for (const part of parts) {
      const [, name, data] = part.match(/^event: (.*)\ndata: (.*)$/);
      yield { name, data: JSON.parse(data) };
    }
  }
}

async function ask(question) {
  asking?.abort();
  const mine = (asking = new AbortController());
  $("answer").textContent = "";
  $("answer").dataset.writing = "";
  $("end").textContent = "";
  $("stop").hidden = false;
  try {
    const answer = await fetch(room, { method: "POST", body: question, signal: mine.signal });
    if (!answer.ok) throw new Error(await answer.text());
    void showQuestions();
    for await (const { name, data } of events(answer.body)) {
      if (name === "word") $("answer").textContent += data;
      else $("end").textContent = `${data.words} words`;
    }
  } catch (error) {
    if (asking === mine) $("end").textContent = mine.signal.aborted ? "Stopped." : `Broken off: ${error.message}`;
  }
  if (asking !== mine) return;
  delete $("answer").dataset.writing;
  $("stop").hidden = true;
}

async function showQuestions() {
  const { questions } = await (await fetch(room)).json();
  $("questions").replaceChildren(...[...new Set(questions)].map((question) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    button.className = "plain";
    button.textContent = question;
    button.addEventListener("click", () => ask(question));
    item.append(button);
    return item;
  }));
}

$("ask").addEventListener("submit", (event) => {
  event.preventDefault();
  void ask($("question").value.trim() || $("question").placeholder);
  $("question").value = "";
});
$("stop").addEventListener("click", () => asking?.abort());
addEventListener("hashchange", () => location.reload());
void showQuestions();
