/*
 * Ties a `<textarea>` to a `Y.Text`: what is typed goes into the document, what others type comes into the field.
 *
 * Used by `client.ts`. The caret stays beside the letter it is at when others write before it. It knows nothing of the
 * network, and leaves the undo history of the browser to the browser.
 */

import * as Y from "yjs";

export class TextareaBinding {
  /** What the field showed last, to find out what an input has changed. */
  private shown: string;

  constructor(
    readonly text: Y.Text,
    readonly field: HTMLTextAreaElement,
    readonly onChange: () => void,
  ) {
    this.shown = field.value = text.toString();
    field.addEventListener("input", () => this.write());
    text.observe((_, transaction) => {
      if (transaction.origin !== this) this.read();
      this.onChange();
    });
  }

  /** The caret as a place that moves with the text around it. */
  caret() {
    return Y.createRelativePositionFromTypeIndex(this.text, this.field.selectionEnd);
  }

  /** Where such a place is now, or nothing if its text is not here yet. */
  indexOf(caret: unknown) {
    const { doc } = this.text;
    if (doc === null) return null;
    return Y.createAbsolutePositionFromRelativePosition(Y.createRelativePositionFromJSON(caret), doc)?.index ?? null;
  }

  /** The smallest change that makes the old text the new one: what is the same at both ends stays. */
  private write() {
    const [before, after] = [this.shown, this.field.value];
    const most = Math.min(before.length, after.length);
    let start = 0;
    while (start < most && before[start] === after[start]) start += 1;
    let end = 0;
    while (end < most - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
    this.shown = after;
    this.text.doc?.transact(() => {
      this.text.delete(start, before.length - start - end);
      this.text.insert(start, after.slice(start, after.length - end));
    }, this);
  }

  private read() {
    const { selectionStart, selectionEnd } = this.field;
    // Found by comparing texts, as the document has moved on already.
    const after = this.text.toString();
    const moved = [selectionStart, selectionEnd].map((index) => shifted(this.shown, after, index));
    this.shown = this.field.value = after;
    if (document.activeElement === this.field) this.field.setSelectionRange(moved[0], moved[1]);
  }
}

/** Where a place in `before` is in `after`, if one stretch of the text has changed. */
function shifted(before: string, after: string, index: number) {
  let start = 0;
  while (start < index && before[start] === after[start]) start += 1;
  const moved = index + after.length - before.length;
  const sameBehind = moved >= 0 && before.slice(index) === after.slice(moved);
  if (start === index) return index;
  return sameBehind ? moved : start;
}
