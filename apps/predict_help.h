// What `deepmine predict --help` says besides the options.
#pragma once

namespace deepmine::apps {

inline constexpr const char* predict_examples =
    "deepmine predict --static data/static.csv --timeseries data/timeseries.csv --store models\n"
    "deepmine predict Stope_007 Stope_012 --detailed --static ... --timeseries ...   # two stopes\n"
    "deepmine predict --as-of today --exit-on-alert --static ... --timeseries ...    # live data, a script\n"
    "deepmine predict --json --static ... --timeseries ... | jq '.predictions[].status'\n"
    "deepmine predict --export answers.csv --static ... --timeseries ...             # a spreadsheet\n"
    "deepmine predict --site mine.json --static ... --timeseries ...   # who acts: green, amber, red, "
    "unknown\n"
    "deepmine predict --samples 200 --detailed --static ... --timeseries ...         # how sure is it?\n"
    "deepmine predict --audit answers.log --static ... --timeseries ...   # a record of every answer, kept\n"
    "deepmine predict --stream --as-of today --store models               # a JSON case a line, for programs";

inline constexpr const char* predict_description =
    "Says for each stope whether it is stable now and how risky it becomes.\n"
    "The worst stand first. A stope whose data does not allow an answer is UNKNOWN: INSPECT, with the\n"
    "reason, never stable. Without a usable model the rule set answers, flagged. \"Now\" is the last day "
    "with\n"
    "readings up to --as-of, else the last day of all. A reading after today rejects its stope; today is\n"
    "this computer's calendar day in its time zone (TZ): give --today where that is not the mine's.\n"
    "With a response plan, of the model or of --site, each stope is green, amber, red or unknown, with who\n"
    "acts and what is to be done; an alarm ends only after some clear days (docs/site_file.md).\n"
    "Exit codes: 0; 2 usage (an unknown NAME too); 3 the files can't be used; 4 no model or a damaged one\n"
    "(an older good version answers then, flagged, else the rules);\n"
    "10 an alert is present (with --exit-on-alert); 5 some stopes could not be answered. Where several\n"
    "hold: 4, then 10, then 5.\n"
    "--stream reads one case a line on stdin (JSON, docs/embedding.md) in place of the files, each a data "
    "set\n"
    "of its own, and answers one line on stdout at once; a line that is no case gets an error object.";

}  // namespace deepmine::apps
