import "./page.css";
import { OnePage } from "./page";
import { preferred } from "./texts";

void new OnePage(preferred(navigator.languages)).start();
