use html5gum::{DefaultEmitter, Token, Tokenizer};

/// The elements of a page, as a browser tells them apart.
pub(crate) struct Document {
    elements: Vec<Element>,
}

struct Element {
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    parent: Option<usize>,
}

impl Document {
    /// Reads a page in which every element is closed.
    pub(crate) fn parse(page: &str) -> Self {
        let mut emitter = DefaultEmitter::default();
        // Scripts, styles and titles end only at their own end tags.
        emitter.naively_switch_states(true);
        let mut elements: Vec<Element> = Vec::new();
        let mut open: Vec<usize> = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("a page is UTF-8");
        for Ok(token) in Tokenizer::new_with_emitter(page, emitter) {
            match token {
                Token::StartTag(tag) => {
                    let attributes = tag.attributes.iter();
                    elements.push(Element {
                        name: text(&tag.name),
                        attributes: attributes
                            .map(|(name, value)| (text(name), text(&value.value)))
                            .collect(),
                        text: String::new(),
                        parent: open.last().copied(),
                    });
                    if !tag.self_closing && **tag.name != *b"meta" {
                        open.push(elements.len() - 1);
                    }
                }
                Token::EndTag(tag) => {
                    let closed = open.pop().expect("an end tag has a start tag");
                    assert_eq!(elements[closed].name, text(&tag.name));
                }
                Token::String(piece) => {
                    for &element in &open {
                        elements[element].text.push_str(&text(&piece.value));
                    }
                }
                Token::Comment(comment) => panic!("a comment: {comment:?}"),
                Token::Doctype(_) | Token::Error(_) => {}
            }
        }
        assert!(open.is_empty(), "an element is not closed");
        Self { elements }
    }

    /// The texts of the elements at the end of a path, such as `#queue .legend button`.
    pub(crate) fn texts(&self, path: &str) -> Vec<&str> {
        let steps: Vec<_> = path.split(' ').collect();
        let elements = self.elements.iter().filter(|it| self.matches(it, &steps));
        elements.map(|it| it.text.as_str()).collect()
    }

    fn matches(&self, element: &Element, steps: &[&str]) -> bool {
        let Some((last, before)) = steps.split_last() else {
            return true;
        };
        let mut above = element.parent.map(|it| &self.elements[it]);
        let mut is_below = before.is_empty();
        while let (false, Some(parent)) = (is_below, above) {
            is_below = self.matches(parent, before);
            above = parent.parent.map(|it| &self.elements[it]);
        }
        element.is(last) && is_below
    }

    /// The names and attributes of all elements, but for what a reader reads of them.
    pub(crate) fn shape(&self) -> Vec<String> {
        let elements = self.elements.iter();
        elements
            .map(|element| format!("{} {:?}", element.name, element.attributes))
            .collect()
    }

    /// All values of an attribute.
    pub(crate) fn attributes(&self, name: &str) -> Vec<&str> {
        let all = self.elements.iter().flat_map(|it| &it.attributes);
        let found = all.filter(|it| it.0 == name);
        found.map(|it| it.1.as_str()).collect()
    }
}

impl Element {
    /// Whether a step such as `th`, `.legend` or `#queue` means it.
    fn is(&self, step: &str) -> bool {
        let mut attributes = self.attributes.iter();
        match (step.strip_prefix('.'), step.strip_prefix('#')) {
            (Some(class), _) => attributes
                .any(|(name, value)| name == "class" && value.split(' ').any(|it| it == class)),
            (_, Some(id)) => attributes.any(|(name, value)| name == "id" && value == id),
            _ => self.name == step,
        }
    }
}
