//! Static files over the wire: compression, and what is bad about paths and folders.

use std::io::Read;
use std::time::{Duration, SystemTime};

use super::{PARTY, dev, get_with, project, start, text};
use crate::support::{Answer, Project, eventually, run};

const PACKED: &[(&str, &str)] = &[("accept-encoding", "gzip, deflate, br")];

fn header<'a>(answer: &'a Answer, name: &str) -> Option<&'a str> {
    answer.headers.get(name).map(|value| value.to_str().expect("headers are text"))
}

fn unpacked(answer: &Answer) -> String {
    let mut text = String::new();
    let read = flate2::read::GzDecoder::new(&answer.body[..]).read_to_string(&mut text);
    read.expect("the body is gzip");
    text
}

#[test]
fn text_is_compressed_for_those_who_take_it() {
    run(async {
        let long = "function f() { return 'words, words, words'; }\n".repeat(4000);
        let client = format!("console.log({long:?});\n");
        let files = [
            ("public/a.js", &*long),
            ("public/small.js", "f();"),
            ("public/picture.png", &*long),
            ("src/client.ts", &*client),
        ];
        let project = project(r#""src/client.ts""#, &files);
        let host = start(&project);
        let plain = host.get("/a.js").await.ok();
        assert_eq!(header(&plain, "content-encoding"), None);
        assert_eq!(header(&plain, "vary"), Some("accept-encoding"));
        let packed = get_with(&host, "/a.js", PACKED).await.ok();
        assert_eq!(header(&packed, "content-encoding"), Some("gzip"));
        assert_eq!(header(&packed, "vary"), Some("accept-encoding"));
        assert_eq!(header(&packed, "content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(header(&packed, "accept-ranges"), None);
        assert!(packed.body.len() * 20 < long.len());
        assert_eq!(unpacked(&packed), long);
        let (tag, packed_tag) = (header(&plain, "etag"), header(&packed, "etag"));
        assert_ne!(tag, packed_tag);
        let again = [PACKED[0], ("if-none-match", packed_tag.unwrap())];
        let unchanged = get_with(&host, "/a.js", &again).await;
        assert_eq!((unchanged.status, header(&unchanged, "vary")), (304, Some("accept-encoding")));
        // A part is one of the file itself.
        let part = get_with(&host, "/a.js", &[PACKED[0], ("range", "bytes=0-7")]).await;
        assert_eq!((part.status, part.text().as_str()), (206, "function"));
        assert_eq!((header(&part, "content-encoding"), header(&part, "etag")), (None, tag));
        // The rest of another form does not fit.
        let rest = [PACKED[0], ("range", "bytes=8-"), ("if-range", packed_tag.unwrap())];
        assert_eq!(get_with(&host, "/a.js", &rest).await.status, 200);

        for (path, headers) in [
            ("/a.js", &[("accept-encoding", "gzip;q=0, identity")][..]),
            ("/small.js", PACKED),
            ("/picture.png", PACKED),
        ] {
            let answer = get_with(&host, path, headers).await.ok();
            assert_eq!(header(&answer, "content-encoding"), None, "{path}");
        }
        let built = get_with(&host, "/dist/client.js", PACKED).await.ok();
        assert_eq!(header(&built, "content-encoding"), Some("gzip"));
        assert!(unpacked(&built).contains("words, words"));
        let mut client = host.client().await;
        let taken = vec![("accept-encoding".to_owned(), "gzip".to_owned())];
        let head = client.request("HEAD", "/a.js", &taken, Default::default()).await.unwrap();
        assert_eq!(header(&head, "etag"), packed_tag);
        assert_eq!(header(&head, "content-encoding"), Some("gzip"));
    });
}

#[test]
fn files_compressed_beforehand_are_sent_unless_they_are_older() {
    run(async {
        let long = "some text\n".repeat(200);
        let files = [
            ("public/a.txt", &*long),
            ("public/a.txt.br", "pretends to be brotli"),
            ("public/a.txt.gz", "pretends to be gzip"),
        ];
        let project = project(r#""main.ts""#, &files);
        let host = start(&project);
        let answer = get_with(&host, "/a.txt", PACKED).await.ok();
        assert_eq!(header(&answer, "content-encoding"), Some("br"));
        assert_eq!(header(&answer, "content-type"), Some("text/plain; charset=utf-8"));
        assert_eq!(answer.text(), "pretends to be brotli");
        let answer = get_with(&host, "/a.txt", &[("accept-encoding", "gzip")]).await.ok();
        assert_eq!(answer.text(), "pretends to be gzip");
        assert_eq!(text(&host, "/a.txt").await, long);
        // The text is newer now.
        let file = project.config().parent().unwrap().join("public/a.txt");
        let file = std::fs::File::options().append(true).open(file).unwrap();
        file.set_modified(SystemTime::now() + Duration::from_secs(60)).unwrap();
        let answer = get_with(&host, "/a.txt", PACKED).await.ok();
        assert_eq!(header(&answer, "content-encoding"), Some("gzip"));
        assert_eq!(unpacked(&answer), long);
    });
}

#[test]
fn no_path_leads_outside() {
    run(async {
        let project = project(r#""main.ts""#, &[("secret.txt", "secret")]);
        let mut host = dev(&project, &[]);
        for path in [
            "/../secret.txt",
            "/..%2fsecret.txt",
            "/%2e%2e/secret.txt",
            "/%2e%2e%2fsecret.txt",
            "/..%5csecret.txt",
            "/..\\secret.txt",
            "/dist/../../secret.txt",
            "/dist/..%2f..%2fsecret.txt",
            "/dist/..%5c..%5csecret.txt",
            "/%00",
            "/dist/main.js%00.png",
            "/.%2fdist%2fmain.js/",
            "//etc/passwd",
            "/%2fetc/passwd",
        ] {
            let answer = get_with(&host, path, &[]).await;
            assert_eq!(answer.status, 404, "{path}: {}", answer.text());
        }
        assert!(text(&host, "/dist/main.js").await.contains("seen"));
        host.assert_alive();
    });
}

#[cfg(unix)]
#[test]
fn a_folder_that_goes_in_circles_and_comes_and_goes() {
    use std::os::unix::fs::symlink;
    run(async {
        let config = r#"{ "main": "main.ts", "serve": "public" }"#;
        let project = Project::of(&[
            ("partykit.json", config),
            ("main.ts", PARTY),
            ("public/a/x.txt", "x"),
            ("public/b/y.txt", "y"),
        ]);
        let public = project.config().parent().unwrap().join("public");
        symlink(&public, public.join("a/circle")).unwrap();
        symlink("itself", public.join("itself")).unwrap();
        symlink("/", public.join("b/everything")).unwrap();
        let mut host = dev(&project, &[]);
        assert_eq!(host.get("/itself").await.status, 404);
        assert_eq!(host.get("/b/everything/etc/passwd").await.status, 404);
        assert_eq!(text(&host, "/a/circle/b/y.txt").await, "y");
        std::fs::remove_dir_all(&public).unwrap();
        assert_eq!(host.get("/a/x.txt").await.status, 404);
        project.write("public/a/x.txt", "again");
        assert_eq!(text(&host, "/a/x.txt").await, "again");
        // Parties are still followed.
        project.write("main.ts", &PARTY.replace("seen", "saw"));
        eventually("the change is served", || async {
            host.get("/party/x").await.text().contains("saw").then_some(())
        })
        .await;
        // A file of the program goes and comes back.
        std::fs::remove_file(public.parent().unwrap().join("main.ts")).unwrap();
        host.wait_for_output("The program from before keeps running");
        assert!(host.get("/party/x").await.text().contains("saw"));
        project.write("main.ts", &PARTY.replace("seen", "found"));
        eventually("the change is served", || async {
            host.get("/party/x").await.text().contains("found").then_some(())
        })
        .await;
        host.assert_alive();
    });
}
