/*
 * Something that answers a word at a time, like a language model, but without a key, a network or an idea.
 *
 * A chain of words from the few sentences below: each word is followed by one that has followed it there. Used by
 * `server.ts`, which does not care where words come from; put a call to your model in place of `answer`. It ends
 * after some sentences or as soon as the caller stops reading.
 */

const SENTENCES = `
A room is a small server with a name. A room keeps its state in memory and in storage. Everybody who opens the same
name meets in the same room. A message that you send to the room is seen by everybody in the room. A server that keeps
its state in memory answers quickly. The state in storage is still there when the room wakes up. A good party needs a
room and somebody who opens the door. Somebody who sends a message wants an answer quickly. The best answer is a short
one. When everybody leaves, the room goes to sleep and the party is over. When somebody comes back, the room wakes up
and the party goes on.`;

const SENTENCES_MAX = 4;
const PAUSE_MS = 60;

const followers = new Map<string, string[]>();
const words = SENTENCES.trim().split(/\s+/);
for (const [index, word] of words.slice(0, -1).entries()) {
  followers.set(word, [...(followers.get(word) ?? []), words[index + 1]]);
}
const openers = words.filter((_, index) => index === 0 || words[index - 1].endsWith("."));

const pick = (choices: string[]) => choices[Math.floor(Math.random() * choices.length)];

export async function* answer(question: string): AsyncGenerator<string> {
  const asked = question.toLowerCase().split(/\W+/);
  // Begin with a word of the question, if there is a sentence for it.
  let word = openers.find((opener) => asked.includes(opener.toLowerCase())) ?? pick(openers);
  for (let sentences = 0; sentences < SENTENCES_MAX; ) {
    yield `${word} `;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS * (0.5 + Math.random())));
    if (word.endsWith(".")) sentences += 1;
    word = pick(followers.get(word) ?? openers);
  }
}
