/*
 * The page of the example: signs in, shows what the token says, and enters the room with it or with a forged one.
 *
 * A token that is refused shows twice: the WebSocket only says that it failed, so the page asks over HTTP for the
 * reason. The token is kept for this tab.
 */

const $ = (id) => document.getElementById(id);
const room = `/party/${location.hash.slice(1) || "club"}`;
let socket = null;

const token = () => sessionStorage.getItem("token");
const decode = (part) => atob(part.replaceAll("-", "+").replaceAll("_", "/"));

function claimsIn(token) {
  const bytes = Uint8Array.from(decode(token.split(".")[1]), (letter) => letter.charCodeAt(0));
  return JSON.parse(new TextDecoder().decode(bytes));
}

function show() {
  $("login").hidden = token() !== null;
  $("inside").hidden = token() === null;
  $("log").replaceChildren();
  if (token() !== null) $("claims").textContent = JSON.stringify(claimsIn(token()), null, 2);
}

function log(text, refused = false) {
  const line = document.createElement("li");
  line.textContent = text;
  line.className = refused ? "refused" : "";
  $("log").prepend(line);
}

function enter(token) {
  socket?.close();
  const url = new URL(`${room}?${new URLSearchParams({ token })}`, location.href.replace(/^http/, "ws"));
  const mine = (socket = new WebSocket(url));
  let entered = false;
  mine.onopen = () => (entered = true);
  mine.onmessage = ({ data }) => log(data);
  mine.onclose = async () => {
    if (socket !== mine) return;
    socket = null;
    if (entered) return log("The connection is closed.", true);
    const answer = await fetch(room, { headers: { authorization: `Bearer ${token}` } });
    log(`${answer.status}: ${await answer.text()}`, true);
  };
}

/** The same token with another name in it: the signature no longer fits. */
function forged(token) {
  const [head, , signature] = token.split(".");
  const claims = btoa(JSON.stringify({ ...claimsIn(token), sub: "root" }));
  return [head, claims.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", ""), signature].join(".");
}

$("login").addEventListener("submit", async (event) => {
  event.preventDefault();
  const body = JSON.stringify({ name: $("name").value, password: $("password").value });
  const answer = await fetch("/login", { method: "POST", body });
  $("problem").textContent = answer.ok ? "" : await answer.clone().text();
  if (answer.ok) sessionStorage.setItem("token", await answer.text());
  show();
});
$("enter").addEventListener("click", () => enter(token()));
$("forge").addEventListener("click", () => enter(forged(token())));
$("leave").addEventListener("click", () => {
  sessionStorage.removeItem("token");
  socket?.close();
  show();
});
show();
