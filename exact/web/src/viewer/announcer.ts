/** What others do, said by a screen reader: not every stroke, but a sentence every few seconds. */

import type { Fact } from "../model/facts";
import { Signal } from "../state/signal";

const PAUSE_MS = 4000;

export class Announcer {
  readonly sentence = new Signal("");
  private heard: Fact[] = [];
  private timer: ReturnType<typeof setTimeout> | undefined;
  private last = 0;

  constructor(private readonly wordsFor: (fact: Fact) => string) {}

  /** Says this at once. */
  say(sentence: string): void {
    this.sentence.value = sentence;
  }

  hear(facts: readonly Fact[]): void {
    this.heard.push(...facts);
    this.timer ??= setTimeout(() => this.tell(), Math.max(300, this.last + PAUSE_MS - Date.now()));
  }

  private tell(): void {
    const facts = this.heard;
    this.heard = [];
    this.timer = undefined;
    this.last = Date.now();
    const people = new Set(facts.map((fact) => fact.data.by));
    const many = `${facts.length} changes by ${people.size === 1 ? "one person" : `${people.size} people`}`;
    this.sentence.value = facts.length === 1 ? this.wordsFor(facts[0]!) : many;
  }
}
