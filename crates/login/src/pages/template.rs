use zeroize::Zeroizing;

/// The template with each `{{slot}}` replaced by its value, in one pass: a value that looks like
/// a slot is text like any other. A slot without a value is left empty.
pub(super) fn fill(template: &str, values: &[(&str, &str)]) -> Zeroizing<String> {
    let value_of = |slot| values.iter().find(|(name, _)| *name == slot);
    let mut pieces = Vec::new();
    let mut rest = template;
    while let Some((before, slot, after)) = next_slot(rest) {
        pieces.push(before);
        pieces.extend(value_of(slot).map(|(_, value)| *value));
        rest = after;
    }
    pieces.push(rest);
    // `concat` allocates once, so no unwiped copy of the link remains.
    Zeroizing::new(pieces.concat())
}

fn next_slot(text: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = text.split_once("{{")?;
    let (slot, after) = rest.split_once("}}")?;
    Some((before, slot, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn filled(template: &str, values: &[(&str, &str)], expected: &str) {
        assert_eq!(*fill(template, values), expected);
    }

    #[test]
    fn every_slot_takes_its_value() {
        filled("", &[], "");
        filled("plain { } text", &[("a", "1")], "plain { } text");
        filled("{{a}}-{{b}}-{{a}}", &[("a", "1"), ("b", "2")], "1-2-1");
        filled("<{{a}}>", &[], "<>");
    }

    // threats 192
    #[test]
    fn value_that_looks_like_a_slot_is_text() {
        filled("{{a}} {{b}}", &[("a", "{{b}}"), ("b", "2")], "{{b}} 2");
        filled("{{a}}b}}", &[("a", "{{"), ("b", "2")], "{{b}}");
    }
}
