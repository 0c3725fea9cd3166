import "./page.css";
import { load } from "./core";
import { OnePage } from "./page";
import { preferred } from "./texts";

void load();
new OnePage(preferred(navigator.languages)).start();
