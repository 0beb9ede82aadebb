//! HTTPS: the real host with a certificate, against Node, curl and clients that mean no good
//! (K-13).
//!
//! Chromium over https is in `cli::init`; slow and vanishing sockets are tested where they are
//! handled, in `runtime/wire/tls_test.rs`.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::node::run_script;
use crate::support::{DEADLINE, Host, HostOptions, Project};

const MAIN: &str = "export default class {
  onConnect(connection, { request }) {
    connection.send(`hello ${connection.id} over ${request.url}`);
  }
  onMessage(message, sender) {
    if (message === 'close') sender.close(4001, 'as you wish'); else sender.send(message);
  }
  async onRequest(request) {
    if (request.url.endsWith('/large')) return new Response('x'.repeat(5_000_000));
    return Response.json({ url: request.url, length: (await request.text()).length });
  }
}";

/// A certificate and its key in files. `days` may lie in the past.
fn pair(folder: &Path, name: &str, until: i32) -> (PathBuf, PathBuf) {
    let mut params = rcgen::CertificateParams::new(["localhost".to_owned()]).expect("a legal name");
    params.not_before = rcgen::date_time_ymd(2020, 1, 1);
    params.not_after = rcgen::date_time_ymd(until, 1, 1);
    let key = rcgen::KeyPair::generate().expect("a key can be made");
    let made = params.self_signed(&key).expect("it can be signed");
    let paths = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
    std::fs::write(&paths.0, made.pem()).expect("the certificate can be written");
    std::fs::write(&paths.1, key.serialize_pem()).expect("the key can be written");
    paths
}

fn flags(certificate: &Path, key: &Path) -> HostOptions {
    let text = |path: &Path| path.to_str().expect("paths are UTF-8").to_owned();
    let named = ["--https-cert-path".to_owned(), text(certificate)];
    let flags = named.into_iter().chain(["--https-key-path".to_owned(), text(key)]).collect();
    HostOptions { flags, ..HostOptions::default() }
}

/// A host with a self-signed certificate, and where that is.
fn self_signed(project: &Project) -> (Host, PathBuf) {
    let host = Host::start_with(project, HostOptions::flags(&["--https"]));
    let folder = project.config().parent().expect("it is in a folder").join(".partykit/https");
    (host, folder.join("certificate.pem"))
}

fn port(host: &Host) -> String {
    host.address().port().to_string()
}

/// What curl gets, or how it fails.
fn curl(host: &Host, certificate: &Path, path: &str) -> Result<String, String> {
    let output = Command::new("curl")
        .args(["-sS", "--max-time", "20", "-w", " http/%{http_version}", "--cacert"])
        .arg(certificate)
        .arg(format!("https://localhost:{}{path}", host.address().port()))
        .output()
        .expect("curl can be run");
    match output.status.success() {
        true => Ok(String::from_utf8_lossy(&output.stdout).into_owned()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
    }
}

fn connect(host: &Host) -> TcpStream {
    let stream = TcpStream::connect(host.address()).expect("the host listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a deadline can be set");
    stream
}

/// Everything until the host ends the connection.
fn read_all(stream: &mut TcpStream) -> Vec<u8> {
    let mut all = Vec::new();
    match stream.read_to_end(&mut all) {
        Ok(_) => all,
        Err(error) if error.kind() == ErrorKind::ConnectionReset => all,
        Err(error) => panic!("the host does not end the connection: {error}"),
    }
}

#[test]
fn k_13_node_talks_to_a_self_signed_host() {
    let project = Project::single(MAIN);
    let (host, certificate) = self_signed(&project);
    assert!(run_script("tls.js", &[&port(&host), certificate.to_str().unwrap()]).contains("came"));
}

#[test]
fn a_self_signed_certificate_is_told_and_stays() {
    let project = Project::single(MAIN);
    let (first, certificate) = self_signed(&project);
    let url = format!("https://{}", first.address());
    assert_eq!(first.ready()["url"], url.as_str());
    let fingerprint = first.ready()["fingerprint"].as_str().expect("a fingerprint").to_owned();
    let shown = Command::new("openssl")
        .args(["x509", "-noout", "-fingerprint", "-sha256", "-in"])
        .arg(&certificate)
        .output();
    if let Ok(shown) = shown {
        assert!(String::from_utf8_lossy(&shown.stdout).contains(&fingerprint), "{fingerprint}");
    }
    let (second, _) = self_signed(&project);
    assert_eq!(second.ready()["fingerprint"], fingerprint.as_str());
    let answer = curl(&second, &certificate, "/party/r").expect("curl trusts it");
    assert!(answer.ends_with(" http/1.1"), "{answer}");
}

#[test]
fn a_certificate_of_ones_own_is_served_and_renewed() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(folder.path(), "own", 2100);
    let old = folder.path().join("old.pem");
    std::fs::copy(&certificate, &old).unwrap();
    let host = Host::start_with(&Project::single(MAIN), flags(&certificate, &key));
    assert!(host.ready().get("fingerprint").is_none(), "somebody else vouches for it");
    curl(&host, &certificate, "/party/r").expect("curl trusts it");
    // First the one file, then the other, as a renewal writes them.
    let (next, next_key) = pair(folder.path(), "next", 2101);
    std::fs::rename(next, &certificate).unwrap();
    std::fs::rename(next_key, &key).unwrap();
    host.wait_for_output("The certificate has changed");
    curl(&host, &certificate, "/party/r").expect("curl trusts the new one");
    let refused = curl(&host, &old, "/party/r").expect_err("the old one is gone");
    assert!(refused.contains("certificate"), "{refused}");
}

#[test]
fn files_that_cannot_be_served_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = pair(folder.path(), "own", 2100);
    let (_, other) = pair(folder.path(), "other", 2100);
    let (expired, expired_key) = pair(folder.path(), "expired", 2021);
    let text = folder.path().join("text");
    std::fs::write(&text, "no PEM at all").unwrap();
    let nowhere = folder.path().join("nowhere");
    let project = Project::single(MAIN);
    for (certificate, key, says) in [
        (&nowhere, &key, "cannot read the certificate"),
        (&certificate, &nowhere, "cannot read the key"),
        (&text, &key, "there is no certificate in"),
        (&certificate, &text, "there is no private key in"),
        (&key, &certificate, "exchanged?"),
        (&certificate, &other, "does not belong to the certificate"),
        (&expired, &expired_key, "expired on 2021-01-01"),
    ] {
        let ended = Host::try_start(&project, flags(certificate, key)).err();
        let ended = ended.unwrap_or_else(|| panic!("it started, and should say: {says}"));
        assert_eq!(ended.code, Some(1), "{}", ended.output);
        assert!(ended.output.contains(says), "no `{says}` in: {}", ended.output);
    }
}

#[test]
fn plain_http_is_told_where_to_go() {
    let (host, _) = self_signed(&Project::single(MAIN));
    let name = format!("127.0.0.1:{}", host.address().port());
    let ask = |request: String| {
        let mut stream = connect(&host);
        stream.write_all(request.as_bytes()).unwrap();
        String::from_utf8_lossy(&read_all(&mut stream)).into_owned()
    };
    let answer = ask(format!("GET /a/b?c=d HTTP/1.1\r\nHost: {name}\r\n\r\n"));
    assert!(answer.starts_with("HTTP/1.1 307 "), "{answer}");
    assert!(answer.contains(&format!("location: https://{name}/a/b?c=d\r\n")), "{answer}");
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n";
    for request in [
        format!("POST / HTTP/1.1\r\nHost: {name}\r\nContent-Length: 0\r\n\r\n"),
        format!("GET /party/r HTTP/1.1\r\nHost: {name}\r\n{upgrade}\r\n"),
        "GET / HTTP/1.1\r\nHost: a@b.example\r\n\r\n".to_owned(),
    ] {
        let answer = ask(request);
        assert!(answer.starts_with("HTTP/1.1 400 "), "{answer}");
        assert!(answer.contains("wss://"), "{answer}");
    }
    host.wait_for_output("\"status\":307");
}

#[test]
fn those_who_mean_no_good_disturb_nobody() {
    let project = Project::single(MAIN);
    let (mut host, certificate) = self_signed(&project);
    // Says nothing, or stops in the middle of its first record: given up after a while.
    let mut silent = connect(&host);
    let mut half = connect(&host);
    half.write_all(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03").unwrap();
    let began = Instant::now();
    // Garbage, alerts, a record that is too long, nothing at all.
    let mut garbage: Vec<Vec<u8>> = vec![
        vec![0; 100],
        b"\x16garbage, garbage, garbage".to_vec(),
        b"\x15\x03\x03\0\x02\x02\x28".to_vec(),
    ];
    garbage.push([b"\x16\x03\x01\xff\xff".to_vec(), vec![1; 70_000]].concat());
    garbage.push(Vec::new());
    for bytes in garbage {
        let mut stream = connect(&host);
        // The host may have hung up before the last byte.
        let _ = stream.write_all(&bytes);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        read_all(&mut stream);
        curl(&host, &certificate, "/party/r").expect("others are served");
    }
    // Vanish in the middle.
    for _ in 0..50 {
        connect(&host).write_all(b"\x16\x03\x01\x02\x00\x01").unwrap();
    }
    assert_eq!(read_all(&mut silent), b"");
    read_all(&mut half);
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    curl(&host, &certificate, "/party/r").expect("others are served");
    host.assert_alive();
    // A host that stops does not wait for a handshake.
    let _waiting = connect(&host);
    host.terminate();
    assert_eq!(host.wait_end().code(), Some(0));
}

#[test]
fn a_81_a_proxy_is_believed_only_if_the_operator_says_so() {
    use crate::support::run;
    let main = "export default class {
      onRequest(request) {
        return Response.json([new URL(request.url).protocol, request.headers.get('x-real-ip')]);
      }
    }";
    run(async {
        let project = Project::single(main);
        for (flags, wanted) in [
            (&[][..], r#"["http:","127.0.0.1"]"#),
            (&["--trust-proxy"], r#"["https:","192.0.2.9"]"#),
        ] {
            let host = Host::start_with(&project, HostOptions::flags(flags));
            let told =
                [("x-forwarded-for", "203.0.113.1, 192.0.2.9"), ("x-forwarded-proto", "https")]
                    .map(|(name, value)| (name.to_owned(), value.to_owned()));
            let mut client = host.client().await;
            let answer = client.request("GET", "/party/r", &told, "".into()).await.unwrap();
            assert_eq!(answer.text(), wanted);
        }
    });
}
