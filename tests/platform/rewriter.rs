//! `HTMLRewriter`: each check of `project/src/rewriter.ts` gives what the Workers platform gives.

use serde_json::{Value, json};

use crate::support::{Host, Project, run};

fn expected() -> Vec<(&'static str, Value)> {
    let attributes = concat!(
        r#"<a href="https://x/" data-a title="a &quot;b&quot;">x</a>"#,
        r#"[["href","http://x/"],["class","c"],["data-a",""]]falsenullhttps://x/"#
    );
    vec![
        ("attributes", json!(attributes)),
        ("content", json!("<b>&lt;<p>P2P1inA1A2</p>21")),
        ("replaced", json!("<x><b>&lt;y&gt;</b>4")),
        ("names", json!("<section>xdiv http://www.w3.org/1999/xhtml false</section>")),
        (
            "text",
            json!([
                "<p><br>&lt;2!</p>",
                [
                    ["one", false, false],
                    ["", true, false],
                    ["two &amp; three", false, false],
                    ["", true, false]
                ]
            ]),
        ),
        ("comments", json!("[a]<!--a--><p>[B]<!--B--></p>C")),
        (
            "document",
            json!([
                "<!doctype html PUBLIC \"-//X\" \"http://y\"><p>x</p><end>&lt;",
                [["html", "-//X", "http://y"], "x", ""]
            ]),
        ),
        ("end-tags", json!("<p>a<b>b</b>(p)</q>|<p>c")),
        ("async", json!(["<p at=\"1\">1</p><p at=\"3\">2</p>", ["start", "end", "start", "end"]])),
        ("async-storage", json!("<p>20</p>")),
        ("streamed", json!("<p>caf\u{e9} <b class='a'>x</b></p>")),
        ("content-of-a-stream", json!("<s>streamed</s>")),
        ("headers", json!([203, [["content-type", "text/html"], ["x-a", "1"]], true, "<p>"])),
        ("charset", json!(b"<p>caf\xe9\xfc&#19968;</p>".as_slice())),
        ("empty", json!([true, ""])),
        ("shared", json!(["<p>1</p>", "<p>2</p>"])),
        ("chained", json!("<a></a><b>12</b>")),
        ("abandoned", json!(200)),
        ("fetched", json!("<title>new</title>")),
    ]
}

#[test]
fn g_08_html_rewriter_does_what_workers_do() {
    let host = Host::start(&Project::at("tests/platform/project"));
    run(async {
        for (name, wanted) in expected() {
            let given = host.get(&format!("/parties/rewriter/room/{name}")).await;
            assert_eq!(given.status, 200, "{name}: {}", given.text());
            assert_eq!(given.json(), wanted, "{name}");
        }
        assert_eq!(host.get("/parties/rewriter/room/answer").await.ok().text(), "<p>x!</p>");
        let selectors = host.get("/parties/rewriter/room/selectors").await.ok().json();
        let matched = selectors.as_str().and_then(|text| text.rsplit('\n').next());
        let all = "* ; #a ; .x.y ; [class~=y] ; div > p ; p[lang|=en] ; p:not(.x) ; p, ul ; div li ; li:nth-child(2)";
        let sorted = |text: &str| {
            let mut parts: Vec<_> = text.split(" ; ").map(str::to_owned).collect();
            parts.sort();
            parts
        };
        assert_eq!(matched.map(sorted), Some(sorted(all)));
    });
}

#[test]
fn what_html_rewriter_refuses_is_said_and_harms_nobody() {
    let host = Host::start(&Project::at("tests/platform/project"));
    run(async {
        let errors = host.get("/parties/rewriter/room/errors").await.ok().json();
        let wanted = [
            "TypeError: Parser error",
            "TypeError: Parser error",
            "at most 1024",
            "must be a function",
            "must be a Response",
            "no longer valid",
            "no longer valid",
            "RangeError: mine",
            "RangeError: later",
            "` ` character is forbidden",
            "ASCII letter",
            "No end tag",
            "closing sequence",
        ];
        let given = errors.as_array().expect("a list");
        assert_eq!(given.len(), wanted.len());
        for (given, wanted) in given.iter().zip(wanted) {
            assert!(given.as_str().is_some_and(|text| text.contains(wanted)), "{given}: {wanted}");
        }
        let many = host.get("/parties/rewriter/room/too-many").await.ok().json();
        assert_eq!(many[0], 65, "{many}");
        assert!(
            many[1].as_str().is_some_and(|why| why.contains("already being rewritten")),
            "{many}"
        );
        assert_eq!(many[2], "<p>still</p>");
    });
}
