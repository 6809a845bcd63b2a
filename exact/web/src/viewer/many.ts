/** What an import did to many annotations at once, in a sentence. */

import { counted } from "../design/format";
import type { Fact } from "../model/facts";

/** "1,200 annotations were imported by Ada." `who` did it. */
export function sentenceOfMany({ name, data }: Fact, who: string): string {
  if (name === "ImportedAnnotationsShown") return `${were(data.count)} imported by ${who}.`;
  if (name === "ImportedAnnotationsRestored") return `${were(data.restored, " of an import")} brought back by ${who}.`;
  const kept = data.kept ? ` ${counted(data.kept, "annotation")} that people have touched ${data.kept === 1 ? "stays" : "stay"}.` : "";
  return `${were(data.removed, " of an import")} removed by ${who}.${kept}`;
}

function were(count = 0, which = ""): string {
  return `${counted(count, "annotation")}${which} ${count === 1 ? "was" : "were"}`;
}
