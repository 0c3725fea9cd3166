import "./page.css";
import { OnePage } from "./page";
import { preferred } from "./texts";

new OnePage(preferred(navigator.languages)).start();
