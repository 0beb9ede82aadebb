//! The pages of the gallery in headless Chromium: two people use each of them, with no error in the
//! console, nothing wider than a phone, and nothing fetched from elsewhere.
//!
//! `tests/clients/gallery.js` has what they do on which page. `HOUSEPARTY_SCREENSHOTS=<folder>` keeps
//! pictures of them, light, dark and narrow.

use super::example;
use crate::support::node::run_script;
use crate::support::{Host, HostOptions};

fn page(name: &str) {
    // As somebody who tries an example does; crons can be run by hand then.
    let mut options = HostOptions { command: "dev", ..HostOptions::default() };
    if name == "hibernation" {
        options.flags = vec!["--hibernate-after".to_owned(), "0.5".to_owned()];
    }
    let host = Host::start_with(&example(name), options);
    let told = run_script("gallery.js", &[name, &format!("http://{}", host.address())]);
    assert!(told.contains("all as it must be"), "{told}");
}

macro_rules! pages {
    ($($test:ident $name:literal)*) => {
        $(
            #[test]
            fn $test() {
                page($name);
            }
        )*
    };
}

pages! {
    page_of_alarms "alarms"
    page_of_auth "auth"
    page_of_chat "chat"
    page_of_counter "counter"
    page_of_cron "cron"
    page_of_cursors "cursors"
    page_of_editor "editor"
    page_of_hibernation "hibernation"
    page_of_polls "polls"
    page_of_presence "presence"
    page_of_socket_io "socket-io"
    page_of_stream "stream"
    page_of_todo "todo"
    page_of_wasm "wasm"
}
