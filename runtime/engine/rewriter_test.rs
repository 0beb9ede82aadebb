//! Documents on their way through the rewriter, without JavaScript: every token that somebody handles
//! stops the document, in order, and changes come out where they belong.

use super::*;

fn element(text: &str) -> Handlers {
    Handlers {
        selector: Some(selector(text).expect("a selector")),
        element: true,
        ..Default::default()
    }
}

/// Feeds `chunks`; `react` gives the changes for a token.
fn rewrite(
    handlers: Vec<Handlers>,
    chunks: &[&[u8]],
    mut react: impl FnMut(usize, Token) -> Vec<Change>,
) -> Result<String, RewriterError> {
    let mut document = Document::new("utf-8", handlers)?;
    let mut output = Vec::new();
    let feeds = chunks.iter().map(|chunk| Some(chunk.to_vec())).chain([None]);
    for feed in feeds {
        let mut step = match feed {
            Some(bytes) => document.write(bytes)?,
            None => document.end()?,
        };
        while let Step::Token(number, token) = step {
            step = document.answer(react(number, token))?;
        }
        output.extend(document.take());
    }
    Ok(String::from_utf8(output).expect("UTF-8"))
}

#[test]
fn tokens_stop_the_document_and_changes_come_out_in_place() {
    let html = rewrite(
        vec![element("a[href]"), element("b")],
        &[b"<p><a hr", b"ef=x>one</a><b>two</b>", b"<b>three</b></p>"],
        |number, token| match (number, token) {
            (0, Token::Element { name, attributes, .. }) => {
                assert_eq!(
                    (name.as_str(), &attributes[..]),
                    ("a", &[("href".into(), "x".into())][..])
                );
                vec![
                    Change::SetAttribute("href".into(), "y".into()),
                    Change::Append("!".into(), false),
                ]
            }
            (1, Token::Element { .. }) => vec![Change::RemoveAndKeepContent],
            other => panic!("{other:?}"),
        },
    );
    assert_eq!(html.expect("rewritten"), "<p><a href=\"y\">one!</a>twothree</p>");
}

#[test]
fn handlers_of_end_tags_run_when_the_tag_comes() {
    let mut order = Vec::new();
    let html = rewrite(
        vec![
            element("div"),
            Handlers {
                selector: Some(selector("div").expect("it is one")),
                text: true,
                ..Default::default()
            },
        ],
        &[b"<div>a", b"b</div>c"],
        |_, token| match token {
            Token::Element { .. } => {
                vec![
                    Change::OnEndTag(7),
                    Change::OnEndTag(8),
                    Change::After("<after>".into(), false),
                ]
            }
            Token::Text { text, .. } => {
                order.push(text);
                Vec::new()
            }
            Token::EndTag { name, handlers, removed } => {
                assert_eq!((name.as_str(), &handlers[..], removed), ("div", &[7, 8][..], false));
                order.push("end".to_owned());
                vec![Change::Before("<i>".into(), true), Change::After("&".into(), false)]
            }
            other => panic!("{other:?}"),
        },
    );
    assert_eq!(html.expect("rewritten"), "<div>ab<i></div>&amp;&lt;after&gt;c");
    assert_eq!(order.join(","), "a,b,,end");
}

#[test]
fn an_end_tag_inside_of_what_is_removed_is_handled_and_not_seen() {
    let mut ends = 0;
    let html = rewrite(
        vec![element("div"), element("span")],
        &[b"<div><span>x</span></div>", b"y"],
        |number, token| match token {
            Token::Element { .. } if number == 0 => vec![Change::Remove],
            Token::Element { .. } => vec![Change::OnEndTag(1)],
            Token::EndTag { .. } => {
                ends += 1;
                vec![Change::Before("no".into(), true)]
            }
            other => panic!("{other:?}"),
        },
    );
    assert_eq!((html.expect("rewritten").as_str(), ends), ("y", 1));
}

#[test]
fn documents_in_another_encoding_keep_it() {
    let mut document = Document::new("windows-1252", vec![element("p")]).expect("opened");
    let mut step = document.write(b"<p>caf\xe9</p>".to_vec()).expect("written");
    while let Step::Token(_, token) = step {
        let changes = match token {
            Token::EndTag { .. } => vec![Change::Before("\u{fc}".into(), false)],
            _ => vec![Change::OnEndTag(0), Change::Prepend("\u{e4}".into(), false)],
        };
        step = document.answer(changes).expect("answered");
    }
    document.end().expect("ended");
    assert_eq!(document.take(), b"<p>\xe4caf\xe9\xfc</p>");
}

#[test]
fn a_document_that_is_given_up_in_the_middle_goes_away() {
    let mut document = Document::new("utf-8", vec![element("p")]).expect("opened");
    assert!(matches!(document.write(b"<p>".to_vec()), Ok(Step::Token(0, _))));
    assert!(matches!(document.write(b"x".to_vec()), Err(RewriterError::Order)));
    drop(document);
}

#[test]
fn what_is_too_big_or_makes_no_sense_is_an_error() {
    assert!(selector("p[").is_err() && selector("").is_err() && selector("a + b").is_err());
    assert!(matches!(selector(&":not(".repeat(1_000)), Err(RewriterError::SelectorTooLong)));
    assert!(selector(&":not(".repeat(200)).is_err());
    let long = format!("<p a=\"{}", "x".repeat(limits::REWRITER_BYTES_MAX + 1));
    let error = rewrite(vec![element("p")], &[long.as_bytes(), b"y"], |_, _| Vec::new());
    assert!(matches!(error, Err(RewriterError::Html(_))), "{error:?}");
    let error = rewrite(vec![element("p")], &[b"<p>"], |_, _| vec![Change::SetName("1".into())]);
    assert!(matches!(error, Err(RewriterError::Html(_))), "{error:?}");
}

#[test]
fn many_documents_at_once_do_not_mix() {
    let mut open: Vec<_> = (0..50)
        .map(|number| {
            let mut document = Document::new("utf-8", vec![element("p")]).expect("opened");
            let step = document.write(format!("<p>{number}").into_bytes()).expect("written");
            assert!(matches!(step, Step::Token(0, _)));
            document
        })
        .collect();
    for (number, document) in open.iter_mut().enumerate().rev() {
        document.answer(vec![Change::OnEndTag(number as u32)]).expect("answered");
    }
    for (number, document) in open.iter_mut().enumerate() {
        let step = document.write(b"</p>".to_vec()).expect("written");
        let Step::Token(_, Token::EndTag { handlers, .. }) = step else { panic!("no end tag") };
        assert_eq!(handlers, [number as u32]);
        document.answer(Vec::new()).expect("answered");
        document.end().expect("ended");
        assert_eq!(document.take(), format!("<p>{number}</p>").into_bytes());
    }
}
