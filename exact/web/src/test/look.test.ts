import { beforeEach, describe, expect, it } from "vitest";
import {
  type Channel, type Look, PLAIN, channelsOf, lookFrom, presetsFor, queryOf, statesFrom, stepOf, within,
} from "../model/look";
import { searchFor, placeFrom } from "../viewer/deep-link";
import { Looks } from "../viewer/looks";

const channel = (name: string, colour: string, shown = true): Channel => ({ name, colour, window: [100, 2000], limits: [0, 65535], shown });
const CHANNELS = [channel("DAPI", "0000ff"), channel("GFP", "00ff00"), channel("Cy5", "ff0000", false)];

const read = (text: string): Look => lookFrom(new URLSearchParams(text));

describe("a look in an address", () => {
  it.each([
    "channels=0:ff0000:100:2000,2:", "channels=", "window=-160:240", "profile=srgb", "channels=1::5:60.5&window=0:1&profile=srgb", "",
  ])("%s is read and written the same", (text) => {
    expect(queryOf(read(text))).toBe(text);
  });

  it("is written in one form, whatever order and case it came in", () => {
    expect(queryOf(read("profile=srgb&channels=2,0:FF0000:100:2e3"))).toBe("channels=0:ff0000:100:2000,2:&profile=srgb");
  });

  it.each(["channels=a", "channels=1,1", "channels=0:red", "window=5", "window=9:1", "window=a:b", "window=:5", "profile=adobe"])("%s is as the file says", (text) => {
    expect(read(text)).toEqual(PLAIN);
  });

  it("stands in the page's address beside the place", () => {
    const place = { frame: 3, plane: null, bounds: null, annotations: [] };
    const search = searchFor(place, read("channels=0:ff0000:100:2000,2:"));
    expect(search).toBe("?frame=3&channels=0:ff0000:100:2000,2:");
    expect(placeFrom(search)).toEqual(place);
    expect(queryOf(read(search))).toBe("channels=0:ff0000:100:2000,2:");
  });
});

describe("channels in the panel", () => {
  it("as the file says need nothing said", () => {
    const states = statesFrom(CHANNELS, PLAIN);
    expect(states.map(({ on }) => on)).toEqual([true, true, false]);
    expect(channelsOf(CHANNELS, states)).toBeNull();
  });

  it("say only what differs from the file, of those that are on", () => {
    const states = statesFrom(CHANNELS, PLAIN).with(0, { on: true, colour: "ffffff", window: [100, 2000] }).with(1, { on: false, colour: "00ff00", window: [1, 2] });
    expect(channelsOf(CHANNELS, states)).toEqual([{ channel: 0, colour: "ffffff", window: null }]);
    const back = statesFrom(CHANNELS, { ...PLAIN, channels: channelsOf(CHANNELS, states) });
    expect(back[0]).toEqual(states[0]);
    expect(back.map(({ on }) => on)).toEqual([true, false, false]);
  });
});

describe("windows", () => {
  it("stay inside of the limits and are never empty", () => {
    expect(within([-5, 90000], [0, 65535])).toEqual([0, 65535]);
    expect(within([70, 20], [0, 255])).toEqual([20, 70]);
    const [low, high] = within([65535, 65535], [0, 65535]);
    expect(low).toBeLessThan(high);
  });

  it("of a grey image may reach beyond its values, as the usual ones do", () => {
    const here = new Looks("image-3", localStorage);
    here.start({ channels: [], window: [0, 100], window_limits: [-1024, 3000], has_profile: false }, "");
    here.setWindow([-1350, 150]);
    expect(queryOf(here.look.value)).toBe("window=-1350:150");
    here.setWindow([40, 40]);
    expect(here.window).toEqual([40, 41]);
  });

  it("are moved by whole numbers where there are enough, else by a thousandth", () => {
    expect([stepOf([0, 255]), stepOf([0, 65535]), stepOf([-1024, 3071]), stepOf([0, 1])]).toEqual([1, 10, 1, 0.001]);
  });

  it("of computed tomography have names; others have none", () => {
    expect(presetsFor([-1024, 3071]).map(({ name }) => name)).toEqual(["Soft tissue", "Lung", "Bone", "Brain"]);
    expect([presetsFor([0, 255]), presetsFor(null)]).toEqual([[], []]);
  });
});

describe("the look of an image", () => {
  const TOLD = { channels: CHANNELS, window: null, window_limits: null, has_profile: true };
  const looks = (search = ""): Looks => {
    const made = new Looks("image-1", localStorage);
    made.start(TOLD, search);
    return made;
  };

  beforeEach(() => localStorage.clear());

  it("is kept in this browser, for this image", () => {
    looks().setChannel(1, { on: false });
    expect(queryOf(looks().look.value)).toBe("channels=0:");
    const other = new Looks("image-2", localStorage);
    other.start(TOLD, "");
    expect(other.look.value).toEqual(PLAIN);
  });

  it("of an address goes before the kept one", () => {
    looks().setChannel(1, { on: false });
    expect(queryOf(looks("?channels=2:ff00ff").look.value)).toBe("channels=2:ff00ff");
  });

  it("of another image's address breaks nothing", () => {
    expect(looks("?channels=7:ff0000&window=0:10").look.value).toEqual(PLAIN);
  });

  it("keeps what was set of a channel while it is off", () => {
    const here = looks();
    here.setChannel(0, { window: [5, 50] });
    here.setChannel(0, { on: false });
    here.setChannel(0, { on: true });
    expect(here.channels.value[0]!.window).toEqual([5, 50]);
  });

  it("is as the file says again after a reset", () => {
    const here = looks("?channels=2:&profile=srgb");
    here.reset();
    expect([here.look.value, here.channels.value[2]!.on, localStorage.length]).toEqual([PLAIN, false, 0]);
  });
});
