/// A name as it may stand in a line: what would break the line or is not seen shows by its number.
pub(super) fn in_one_line(text: &str) -> String {
    shown(text, |_| false)
}

/// Text of several lines, in which nothing else is hidden.
pub(super) fn in_lines(text: &str) -> String {
    shown(&text.replace("\r\n", "\n"), |c| matches!(c, '\n' | '\t'))
}

fn shown(text: &str, stays: impl Fn(char) -> bool) -> String {
    let mut all = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) && !stays(c) {
            all.push_str(&format!("⟨U+{:04X}⟩", u32::from(c)));
        } else {
            all.push(c);
        }
    }
    all
}

/// Whether a character shows nothing itself, but breaks lines, turns around what follows, or hides.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{feff}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_seen_shows() {
        assert_eq!(in_one_line("a\u{202e}b\nc"), "a⟨U+202E⟩b⟨U+000A⟩c");
        assert_eq!(in_lines("a\r\nb\u{2028}\tc"), "a\nb⟨U+2028⟩\tc");
        assert_eq!(
            in_one_line("naïve 𝛑 שלום 👩\u{200d}🔬"),
            "naïve 𝛑 שלום 👩\u{200d}🔬"
        );
    }
}
