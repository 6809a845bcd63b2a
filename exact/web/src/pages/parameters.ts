/** A model's parameters as a person types them: one JSON object, or a sentence about what is wrong. */

const EXAMPLE = '{"threshold": 0.5}';

/** Empty when it can be sent. */
export function parametersProblem(text: string): string {
  if (!text.trim()) return "";
  try {
    const found: unknown = JSON.parse(text);
    if (typeof found === "object" && found !== null && !Array.isArray(found)) return "";
    return `Parameters are one JSON object, such as ${EXAMPLE}; this is ${named(found)}.`;
  } catch (problem) {
    return `This is not JSON${placeIn(text, problem)}. Parameters are one object, such as ${EXAMPLE}.`;
  }
}

function named(found: unknown): string {
  if (found === null) return "null";
  if (Array.isArray(found)) return "a list";
  return typeof found === "string" ? "a text" : `a ${typeof found}`;
}

/** Browsers say the place in their own words; where they say it, it is named by line and column. */
function placeIn(text: string, problem: unknown): string {
  const at = /position (\d+)/.exec(problem instanceof Error ? problem.message : "")?.[1];
  if (at === undefined) return "";
  const lines = text.slice(0, Number(at)).split("\n");
  return `: look at line ${lines.length}, column ${lines.at(-1)!.length + 1}`;
}
