/** Something was withdrawn: the message says so, and its button offers the thing again. */

import { toast } from "../design";
import * as rest from "./rest";

/** `restores` is the command that offers it again; `changed` is told when that was granted. */
export function withdrawn(name: string, restores: string, fields: Record<string, unknown>, changed: () => void): void {
  const restore = async (): Promise<void> => {
    try {
      await rest.command(restores, fields);
    } catch (problem) {
      return toast(rest.sentence(problem), "bad");
    }
    toast(`“${name}” is back.`, "good");
    changed();
  };
  toast(`“${name}” is withdrawn.`, "good", { label: "Undo", run: () => void restore() });
}
