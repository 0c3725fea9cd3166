import "./page.css";
import { handOver } from "./handover";

// The window in which the person has said who they are. Its address goes before anything else.
const values = new URLSearchParams(location.hash.slice(1) || location.search);
history.replaceState(null, "", location.pathname);
const answer = { state: values.get("state") ?? "", code: values.get("code"), error: values.get("error"), iss: values.get("iss") };
handOver(answer, () => window.close());
