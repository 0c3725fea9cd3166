import "./page.css";
import { Page } from "./page";
import { preferred } from "./texts";

new Page(preferred(navigator.languages)).start();
