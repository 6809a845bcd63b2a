import { beforeEach, describe, expect, it } from "vitest";
import { ImportWatch } from "../../pages/import-watch";
import { told } from "../../pages/import-words";
import { parametersProblem } from "../../pages/parameters";
import { SetLive } from "../../pages/set-live";
import type { Import } from "../../pages/shapes";
import { FakeClock, FakeSocket } from "../fakes";

let clock: FakeClock;
let sockets: FakeSocket[];
let live: SetLive;
let asked: number;
let heard: string[];
let going: boolean;
let answering: boolean;
let watch: ImportWatch;

const socket = () => sockets.at(-1)!;
const news = (state: string) => socket().push({ type: "import", id: "i", state, progress: 0.5, rows_seen: 1, rows_good: 1, rows_bad: 0, rows_done: 0 });

/** The server welcomes whoever says hello. */
function open(): FakeSocket {
  const made = new FakeSocket();
  made.heard = () => made.push({ type: "welcome", protocol: 1, session: "s", position: 0, people: [] });
  sockets.push(made);
  clock.after(0, () => made.onopen?.());
  return made;
}

beforeEach(async () => {
  [clock, sockets, asked, heard, going, answering] = [new FakeClock(), [], 0, [], true, true];
  live = new SetLive(open, clock);
  live.start();
  await clock.pass(1);
  watch = new ImportWatch(live, {
    going: () => going,
    heard: ({ state }) => (heard.push(state), state !== "complete"),
    ask: async () => ((asked += 1), answering),
  }, clock);
  watch.start();
});

describe("an import that is under way", () => {
  it("is followed by the socket without asking, and asked for once when it has ended", async () => {
    for (let i = 0; i < 20; i++) {
      news("importing");
      await clock.pass(500);
    }
    expect([heard.length, asked]).toEqual([20, 0]);
    news("complete");
    going = false;
    await clock.pass(60_000);
    expect(asked).toBe(1);
  });

  it("is asked for while the socket is away, and once more when it is back", async () => {
    const connect = live["connection"] as unknown as { options: { open: () => FakeSocket } };
    const reach = connect.options.open;
    connect.options.open = () => {
      const dead = new FakeSocket();
      clock.after(0, () => dead.cut());
      sockets.push(dead);
      return dead;
    };
    socket().cut();
    await clock.pass(5000);
    expect(asked).toBeGreaterThan(2);
    connect.options.open = reach;
    live.wake();
    await clock.pass(30_000);
    expect(live.state.value).toBe("live");
    const before = asked;
    await clock.pass(9000);
    expect(asked - before).toBeLessThanOrEqual(1);
  });

  it("is asked for when the socket has been silent for long", async () => {
    await clock.pass(35_000);
    expect(asked).toBe(3);
  });

  it("that ended while an older answer was on its way is asked for once more", async () => {
    let answer: () => void = () => undefined;
    watch.stop();
    let questions = 0;
    watch = new ImportWatch(live, { going: () => going, heard: () => false, ask: () => (questions++, new Promise<boolean>((resolve) => (answer = () => resolve(true)))) }, clock);
    watch.start();
    news("importing");
    news("complete");
    going = false;
    answer();
    await clock.pass(1);
    expect(questions).toBe(2);
  });

  it("is asked for again soon when the server did not answer, though the socket lives", async () => {
    [going, answering] = [false, false];
    watch.now();
    await clock.pass(3000);
    expect(asked).toBeGreaterThan(3);
    answering = true;
    await clock.pass(2000);
    const before = asked;
    await clock.pass(20_000);
    expect(asked).toBe(before);
  });

  it("is not waited for after the page has gone", async () => {
    watch.stop();
    news("complete");
    await clock.pass(60_000);
    expect([asked, heard]).toEqual([0, []]);
  });
});

it("too far behind, the page goes on at the position that it is told", async () => {
  socket().push({ type: "reset", position: 70 });
  await clock.pass(1);
  expect(socket().sent[0]).toEqual({ type: "hello", protocol: 1, after: 70 });
  expect(live.state.value).toBe("live");
});

it("what the socket tells changes the figures and keeps the rest", () => {
  const one = { id: "i", filename: "a.jsonl", state: "queued", progress: 0 } as Import;
  expect(told(one, { id: "i", state: "checking", progress: 0.2, rows_seen: 5, rows_good: 4, rows_bad: 1, rows_done: 0 }))
    .toMatchObject({ id: "i", filename: "a.jsonl", state: "checking", progress: 0.2, rows_seen: 5, rows_bad: 1 });
});

describe("parameters", () => {
  it.each(["", "  ", "{}", '{"a": [1, null]}'])("%s can be sent", (text) => expect(parametersProblem(text)).toBe(""));
  it.each([
    ["[1]", "this is a list."],
    ["null", "this is null."],
    ['"x"', "this is a text."],
    ["5", "this is a number."],
    ['{"a": 1,\n "b" 2}', "This is not JSON: look at line 2, column 6."],
    ['{"a": }', "This is not JSON"],
  ])("%s cannot, and it is said why", (text, sentence) => expect(parametersProblem(text)).toContain(sentence));
});
