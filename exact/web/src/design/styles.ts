/** The control classes for elements with a shadow root: `static styles = [controls, css`...`]`. */

import { unsafeCSS } from "lit";
import text from "./controls.css?inline";

export const controls = unsafeCSS(text);
