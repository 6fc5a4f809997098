// The customers: columns that are read when first needed.
"use strict";
Page.start();
