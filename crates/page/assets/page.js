// What the pages do beyond forms and links, for browsers that run scripts. Every page works without it.
"use strict";
