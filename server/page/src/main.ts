import "./page.css";
import { load } from "./core";
import { Page } from "./page";
import { preferred } from "./texts";

void load();
new Page(preferred(navigator.languages)).start();
