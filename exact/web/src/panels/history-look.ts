/** How an entry of a history looks: what happened, who and when, and what can be done about it at its right. */

import { css } from "lit";

export const historyLook = css`
  ol {
    margin: -4px 0 0;
    padding: 0;
    list-style: none;
  }
  li {
    position: relative;
    display: grid;
    grid-template-columns: minmax(0, 1fr) auto;
    align-items: start;
    gap: 0 2px;
  }
  .entry {
    appearance: none;
    display: grid;
    grid-template-columns: 26px minmax(0, 1fr);
    padding: 6px 8px 6px 0;
    border: 0;
    border-radius: 7px;
    background: none;
    color: inherit;
    text-align: left;
    overflow-wrap: anywhere;
    cursor: pointer;
  }
  .entry:hover {
    background: var(--surface-hover);
  }
  .entry[aria-pressed="true"] {
    background: var(--warn-soft);
  }
  .entry .version {
    padding-left: 8px;
    color: var(--ink-3);
    font-size: 11px;
    line-height: 19px;
  }
  .entry small {
    display: block;
    color: var(--ink-3);
    font-size: 12px;
  }
  .undo {
    margin-top: 4px;
    color: var(--ink-3);
  }
  .more {
    display: flex;
    grid-column: 1 / -1;
    gap: 6px;
    padding: 2px 0 8px 26px;
  }
  .nothing {
    padding: 20px 8px;
    color: var(--ink-3);
    text-align: center;
  }
  .offline {
    margin: 0 0 8px;
    color: var(--ink-3);
    font-size: 12px;
  }
  .skeleton {
    height: 34px;
    margin-bottom: 8px;
  }
`;
