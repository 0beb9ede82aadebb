//! Every option of `serve.build`, and where its output is served (spec 7.4).

use super::{dev, get_with, project, quoted, start, text};
use crate::support::host::run_command;
use crate::support::{Project, run};

const RUNTIME: &str = "export const jsx = (type, props) => ({ type, props });\n\
                       export const jsxs = jsx;\nexport const Fragment = 'fragment';\n";

/// A client with everything that templates use.
fn template() -> Vec<(&'static str, &'static str)> {
    vec![
        (
            "tsconfig.json",
            r#"{ "compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "tiny" } }"#,
        ),
        ("node_modules/tiny/package.json", r#"{ "name": "tiny", "version": "1.0.0" }"#),
        ("node_modules/tiny/jsx-runtime.js", RUNTIME),
        (
            "src/client.tsx",
            "import './style.css';\nimport logo from './logo.png';\n\
             import names, { title } from './title.module.css';\n\
             declare const PARTYKIT_HOST: string;\n\
             const lazy = () => import('./late');\n\
             const App = (props: { name: string }) => <p className={title}>{props.name}</p>;\n\
             console.log(PARTYKIT_HOST, process.env.NODE_ENV, logo, names, <App name='x' />, lazy);\n",
        ),
        ("src/late.ts", "export const late: string = 'late code';\n"),
        (
            "src/style.css",
            "@import './base.css' screen;\n@font-face { font-family: f; src: url(./f.woff2?v=1#x) }\n\
             .top { color: red; background: url(/site.png) }\n",
        ),
        ("src/base.css", ".base { color: blue }\n"),
        ("src/title.module.css", ".title { color: green }\n"),
        ("src/logo.png", "not really a picture"),
        ("src/f.woff2", "not really a font"),
    ]
}

#[test]
fn b_35_b_38_b_40_a_client_with_everything() {
    run(async {
        let project = project(r#""src/client.tsx""#, &template());
        let host = dev(&project, &[]);
        let answer = host.get("/dist/client.js").await.ok();
        assert_eq!(answer.headers["content-type"], "text/javascript; charset=utf-8");
        let code = answer.text();
        assert!(code.contains(&format!("\"{}\"", host.address())), "{code}");
        assert!(
            code.contains("\"development\"") && code.contains("\n\tconsole.log")
                || code.contains("console.log(")
        );
        assert!(code.contains("//# sourceMappingURL=client.js.map"), "{code}");
        let map = host.get("/dist/client.js.map").await.ok().json();
        assert!(map["sourcesContent"].to_string().contains("declare const PARTYKIT_HOST"));
        // A picture by its address, whatever page shows it.
        let logo = quoted(&code, "/dist/logo-", ".png");
        assert_eq!(text(&host, &logo).await, "not really a picture");
        // What is loaded later is a file of its own.
        let late = quoted(&code, "./late-", ".js");
        assert!(text(&host, &late.replace("./", "/dist/")).await.contains("late code"));
        // The styles, in order, in one file.
        let answer = host.get("/dist/client.css").await.ok();
        assert_eq!(answer.headers["content-type"], "text/css; charset=utf-8");
        let css = answer.text();
        let places = [".base", ".top", "title"]
            .map(|it| css.find(it).unwrap_or_else(|| panic!("{it}: {css}")));
        assert!(places.is_sorted(), "{css}");
        assert!(css.contains("@media screen"), "{css}");
        assert!(css.contains("url(\"/site.png\")") || css.contains("url(/site.png)"), "{css}");
        let font = quoted(&css, "/dist/f-", "?v=1#x");
        assert_eq!(text(&host, font.split('?').next().unwrap()).await, "not really a font");
        // The name of the module's class is the same on both sides.
        let class = css.split(['.', ' ']).find(|it| it.starts_with("title-module")).unwrap().to_owned();
        assert!(code.contains(&format!("\"{class}\"")), "{class}: {code}");
        let folder = project.config().parent().unwrap().join("public");
        assert!(!folder.join("dist").exists(), "nothing is written into the project");
    });
}

#[test]
fn start_builds_for_visitors() {
    run(async {
        let project = project(r#""src/client.tsx""#, &template());
        let host = start(&project);
        let code = text(&host, "/dist/client.js").await;
        assert!(code.contains("location.host") && !code.contains("127.0.0.1"), "{code}");
        assert!(code.contains("production"), "{code}");
        let lines = code.trim_end().lines().count();
        assert!(lines <= 2, "small: {lines} lines");
        let css = text(&host, "/dist/client.css").await;
        assert!(css.contains(".base{color:#00f}"), "{css}");
        // Parties get at it, too, and the same file has the same tag.
        let first = host.get("/dist/client.js").await.ok();
        let tag = first.headers["etag"].to_str().unwrap().to_owned();
        assert_eq!(
            get_with(&host, "/dist/client.js", &[("if-none-match", &tag)]).await.status,
            304
        );
        let part = get_with(&host, "/dist/client.js", &[("range", "bytes=0-3")]).await;
        assert_eq!((part.status, part.body.len()), (206, 4));
    });
}

#[test]
fn entries_share_code_and_keep_their_folders() {
    run(async {
        let files = [
            ("src/pages/a.ts", "import { both } from '../both';\nconsole.log('a', both());\n"),
            (
                "src/pages/admin/b.ts",
                "import { both } from '../../both';\nconsole.log('b', both());\n",
            ),
            ("src/both.ts", "export const both = () => 'for both';\n"),
        ];
        let entries = r#"["src/pages/a.ts", "src/pages/admin/b.ts"]"#;
        let host = dev(&project(entries, &files), &[]);
        let (a, b) = (text(&host, "/dist/a.js").await, text(&host, "/dist/admin/b.js").await);
        assert!(!a.contains("for both") && !b.contains("for both"), "{a}{b}");
        let chunk = quoted(&a, "both-", ".js");
        assert!(text(&host, &chunk.replace("./", "/dist/")).await.contains("for both"));
        assert!(b.contains(&chunk.replace("./", "../")), "{b}");

        let build =
            format!(r#"{{ "entry": {entries}, "splitting": false, "outdir": "public/js" }}"#);
        let host = dev(&project(&build, &files), &[]);
        for path in ["/js/a.js", "/js/admin/b.js"] {
            let code = text(&host, path).await;
            assert!(code.contains("for both") && !code.contains("import "), "{code}");
        }
    });
}

#[test]
fn b_37_formats_minify_and_source_maps() {
    run(async {
        let source = "export const answer = 42;\nconsole.log('loaded', answer);\n";
        let files = [("src/client.ts", source)];
        let with = |options: &str| {
            project(&format!(r#"{{ "entry": "src/client.ts", {options} }}"#), &files)
        };
        let host = dev(&with(r#""format": "iife", "sourcemap": false"#), &[]);
        let code = text(&host, "/dist/client.js").await;
        assert!(code.starts_with("(function") && !code.contains("sourceMappingURL"), "{code}");
        assert_eq!(host.get("/dist/client.js.map").await.status, 404);

        let host = dev(&with(r#""format": "cjs", "minify": true"#), &[]);
        let code = text(&host, "/dist/client.js").await;
        assert!(code.contains("exports.answer") && code.lines().count() <= 2, "{code}");

        let host = start(&with(r#""minify": false"#));
        let code = text(&host, "/dist/client.js").await;
        assert!(code.contains("export {") && code.lines().count() > 2, "{code}");
    });
}

#[test]
fn define_alias_and_external() {
    run(async {
        let client = "import a from 'short';\nimport b from 'left-out';\nimport c from 'left-out/sub';\n\
                      import 'https://cdn.test/x.js';\nconsole.log(a, b, c, DEEP, TOP, PARTYKIT_HOST);\n";
        let config = r#"{ "main": "main.ts", "define": { "TOP": "'top'", "DEEP": "'lost'" },
            "serve": { "path": "public", "build": { "entry": "src/client.ts",
                "define": { "DEEP": "'deep'", "PARTYKIT_HOST": "'elsewhere.test'" },
                "alias": { "short": "./src/long.ts" }, "external": ["left-out"] } } }"#;
        let project = Project::of(&[
            ("partykit.json", config),
            ("main.ts", super::PARTY),
            ("public/index.html", ""),
            ("src/client.ts", client),
            ("src/long.ts", "export default 'through the alias';\n"),
        ]);
        let host = start(&project);
        let code = text(&host, "/dist/client.js").await;
        for part in [
            "through the alias",
            "left-out",
            "left-out/sub",
            "https://cdn.test/x.js",
            "deep",
            "top",
            "elsewhere.test",
        ] {
            assert!(code.contains(part), "{part}: {code}");
        }
        assert!(!code.contains("lost"), "{code}");
    });
}

#[test]
fn without_bundling_imports_stay() {
    run(async {
        let files = [
            (
                "src/client.ts",
                "import { x } from './other.js';\nimport 'a-package';\nconsole.log(x as number);\n",
            ),
            ("src/other.ts", "export const x = 1;\n"),
        ];
        let build = r#"{ "entry": ["src/client.ts", "src/other.ts"], "bundle": false }"#;
        let host = dev(&project(build, &files), &[]);
        let code = text(&host, "/dist/client.js").await;
        assert!(code.contains("\"./other.js\"") && code.contains("\"a-package\""), "{code}");
        assert!(text(&host, "/dist/other.js").await.contains("x = 1"));
    });
}

#[test]
fn c_10_every_loader() {
    run(async {
        let build = r#"{ "entry": "src/client.ts", "loader": {
            ".b64": "base64", ".bin": "binary", ".copied": "copy", ".styles": "css",
            ".url": "dataurl", ".css": "default", ".nothing": "empty", ".passed": "file",
            ".script": "js", ".data": "json", ".view": "jsx", ".scoped": "local-css",
            ".words": "text", ".typed": "ts", ".typedview": "tsx"
        } }"#;
        let client = "
            import b64 from './a.b64';
            import bin from './a.bin';
            import url from './a.url';
            import nothing from './a.nothing';
            import passed from './a.passed';
            import script from './a.script';
            import data from './a.data';
            import words from './a.words';
            import typed from './a.typed';
            import scoped from './a.scoped';
            import './a.styles';
            import './plain.css';
            import copied from './a.copied';
            console.log(b64, bin, url, nothing, passed, script, data.key, words, typed);
            console.log(scoped.local, copied);
        ";
        let files = [
            ("src/client.ts", client),
            ("src/a.b64", "hello"),
            ("src/a.bin", "hello"),
            ("src/a.url", "hello"),
            ("src/a.nothing", "never seen"),
            ("src/a.passed", "passed on"),
            ("src/a.copied", "copied"),
            ("src/a.script", "export default 'a script';"),
            ("src/a.data", r#"{ "key": "a value" }"#),
            ("src/a.words", "some words"),
            ("src/a.typed", "export default ('typed' as string);"),
            ("src/a.scoped", ".local { color: red }"),
            ("src/a.styles", ".styles { color: red }"),
            ("src/plain.css", ".plain { color: red }"),
        ];
        let host = dev(&project(build, &files), &[]);
        let code = text(&host, "/dist/client.js").await;
        for part in ["aGVsbG8=", "data:text/plain", "a script", "a value", "some words", "typed"] {
            assert!(code.contains(part), "{part}: {code}");
        }
        assert!(!code.contains("never seen") && !code.contains("passed on"), "{code}");
        assert_eq!(text(&host, &quoted(&code, "/dist/a-", ".passed")).await, "passed on");
        let copied = quoted(&code, "./a-", ".copied").replace("./", "/dist/");
        assert_eq!(text(&host, &copied).await, "copied");
        let css = text(&host, "/dist/client.css").await;
        assert!(
            css.contains(".styles") && css.contains(".plain") && !css.contains(".local "),
            "{css}"
        );
    });
}

#[test]
fn b_39_a_client_that_cannot_be_built_stops_nobody() {
    let broken = [
        ("const x = ;\n", "client.ts:1:11"),
        ("import './nowhere';\n", "cannot find the file `./nowhere`"),
        ("import x from 'not-installed';\nconsole.log(x);\n", "npm install not-installed"),
        ("import fs from 'node:fs';\nconsole.log(fs);\n", "browsers have no `node:fs`"),
        ("import x from './a.strange';\nconsole.log(x);\n", "\".strange\": \"file\""),
        ("import './bad.css';\n", "bad.css:2:14: cannot find the file `./gone.png`"),
    ];
    run(async {
        for (source, says) in broken {
            let files = [
                ("src/client.ts", source),
                ("src/a.strange", ""),
                ("src/bad.css", ".a {\n  color: url(./gone.png) }\n"),
            ];
            let project = project(r#""src/client.ts""#, &files);
            let mut host = start(&project);
            assert!(
                host.output().replace("\\\"", "\"").contains(says),
                "{says}: {}",
                host.output()
            );
            assert_eq!(host.get("/party/x").await.ok().text(), "seen 1");
            assert_eq!(host.get("/dist/client.js").await.status, 404);
            host.assert_alive();
            let checked = run_command(&project, "check");
            assert_eq!(checked.code, Some(1), "{}", checked.output);
            assert!(checked.output.contains(says), "{says}: {}", checked.output);
        }
    });
}

#[test]
fn invalid_css_is_left_out_and_told() {
    run(async {
        let css = ".a { color: red }\n.b { color: }} .c { color: blue }\n@unknown x;\n";
        let files = [("src/client.ts", "import './x.css';\n"), ("src/x.css", css)];
        let host = start(&project(r#""src/client.ts""#, &files));
        let css = text(&host, "/dist/client.css").await;
        assert!(css.contains(".a"), "{css}");
        assert!(host.output().contains("src/x.css:2:"), "{}", host.output());
    });
}
