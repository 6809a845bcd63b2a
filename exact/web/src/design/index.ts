/** The design system in one import: colours, plain elements, controls, and the shared elements. */

import "./tokens.css";
import "./base.css";
import "./controls.css";
import "./avatar";
import "./copy";
import "./dialog";
import "./empty";
import "./menu";
import "./progress";
import "./toast";

export { colourOf, inkOn } from "./avatar";
export { icon, mark, type IconName } from "./icons";
export type { Part, PartKind } from "./progress";
export { controls } from "./styles";
export { setTheme, theme, type Theme } from "./theme";
export { toast, type ToastKind } from "./toast";
