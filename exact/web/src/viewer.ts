/** The viewer's door: everything that /annotations/{number}/ loads. */

import "./design/tokens.css";
import "./design/base.css";
import "./design/toast";
import "./viewer/exact-viewer";
