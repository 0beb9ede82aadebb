//! The syntax of `.env` files: `NAME=value` lines, `export`, comments, single, double and back quotes,
//! values over several lines inside quotes.

/// The pairs of a file in order; lines that are no assignment are skipped, as dotenv does.
pub fn parse(text: &str) -> Vec<(String, String)> {
    let mut pairs = Vec::new();
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let trimmed = line.trim_start();
        let assignment = trimmed.strip_prefix("export ").unwrap_or(trimmed).trim_start();
        let Some((name, value)) = assignment.split_once('=') else {
            rest = after;
            continue;
        };
        let name = name.trim();
        let legal = !name.is_empty()
            && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'));
        if !legal {
            rest = after;
            continue;
        }
        let value = value.trim_start_matches([' ', '\t']);
        if let Some(quote) = value.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
            // The value may go on over the following lines, up to its closing quote.
            let body = &rest[line.len() - value.len() + 1..];
            if let Some(end) = closing(body, quote) {
                pairs.push((name.to_owned(), unquote(&body[..end], quote)));
                let tail = &body[end + 1..];
                rest = tail.split_once('\n').map_or("", |(_, next)| next);
                continue;
            }
        }
        let bare = value.split_once('#').map_or(value, |(before, _)| before).trim();
        pairs.push((name.to_owned(), bare.to_owned()));
        rest = after;
    }
    pairs
}

fn closing(body: &str, quote: char) -> Option<usize> {
    let mut escaped = false;
    for (at, character) in body.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quote == '"' => escaped = true,
            _ if character == quote => return Some(at),
            _ => {}
        }
    }
    None
}

fn unquote(body: &str, quote: char) -> String {
    if quote != '"' {
        return body.to_owned();
    }
    body.replace("\\n", "\n").replace("\\r", "\r").replace("\\\"", "\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c_15_dotenv_syntax() {
        let text = "A=1\n# no\nexport B = two # comment\n\
                    C=\"x # y\\nz\"\nD='raw \\n'\nE=\"a\nb\" # end\nF=\nbroken line\nG=`q`\r\nH=last";
        let pairs: Vec<(String, String)> = parse(text);
        let pairs: Vec<(&str, &str)> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(
            pairs,
            [
                ("A", "1"),
                ("B", "two"),
                ("C", "x # y\nz"),
                ("D", "raw \\n"),
                ("E", "a\nb"),
                ("F", ""),
                ("G", "q"),
                ("H", "last"),
            ]
        );
    }
}
