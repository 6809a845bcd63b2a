/** The door of all pages around the viewer: the server gives one shell, the address decides what fills it. */

import "./design";
import "./pages/styles/frame.css";
import "./pages/styles/home.css";
import "./pages/styles/image-set.css";
import "./pages/styles/forms.css";
import "./pages/styles/sign-in.css";
import "./pages/account";
import "./pages/account-tokens";
import "./pages/activity-list";
import "./pages/cache";
import "./pages/home";
import "./pages/image-set";
import "./pages/images";
import "./pages/imports";
import "./pages/people";
import "./pages/set-card";
import "./pages/set-products";
import "./pages/team";
import "./pages/team-members";
import "./pages/team-products";
import "./pages/upload-panel";
import "./pages/versions";
import "./pages/app";
