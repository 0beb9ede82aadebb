//! Web Platform Tests by numbers: how many cases there are of each suite of `project/src/suites.ts`, and
//! that those which fail are the ones README.md explains.

use serde_json::Value;

use crate::support::{Host, Project, run};

struct Suite {
    name: &'static str,
    /// Cases there are at least.
    cases: u64,
    /// How many of them fail, all of which have one of `reasons` in their text (README.md says more).
    failures: usize,
    reasons: &'static [&'static str],
}

const SUITES: [Suite; 6] = [
    Suite { name: "url", cases: 819, failures: 52, reasons: &["file:", "non-spec:", "<blob:"] },
    Suite {
        name: "url-setters",
        cases: 254,
        failures: 10,
        reasons: &["file:", "non-spec:", "foo:///"],
    },
    Suite { name: "urlpattern", cases: 352, failures: 4, reasons: &["--a", "&&"] },
    Suite { name: "encoding-labels", cases: 228, failures: 0, reasons: &[] },
    Suite { name: "base64", cases: 80, failures: 0, reasons: &[] },
    Suite { name: "data-urls", cases: 72, failures: 0, reasons: &[] },
];

#[test]
fn web_platform_tests_pass_but_for_the_known_ones() {
    let host = Host::start(&Project::at("tests/platform/project"));
    run(async {
        let mut wrong = Vec::new();
        for Suite { name, cases, failures, reasons } in SUITES {
            let path = format!("/parties/suites/room/{name}");
            let outcome = host.get(&path).await.ok().json();
            let failed: Vec<&str> = outcome["failed"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str)
                .collect();
            assert_eq!(outcome["count"].as_u64(), Some(cases), "{name}");
            println!("{name}: {} of {cases}", cases - failed.len() as u64);
            let known = |text: &str| reasons.iter().any(|reason| text.contains(reason));
            if failed.len() != failures || !failed.iter().all(|text| known(text)) {
                wrong.push(format!("{name}, {} instead of {failures}:", failed.len()));
                wrong.extend(failed.iter().map(|text| (*text).to_owned()));
            }
        }
        assert!(wrong.is_empty(), "surprises:\n{}", wrong.join("\n"));
    });
}
