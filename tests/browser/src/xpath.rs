//! Where things are on a page, told as a person would tell it: a button by its name, a field by its label, a text.

/// A button, link or summary by its name: what stands on it, or what a screen reader is told.
pub fn control(name: &str) -> String {
    let name = quoted(name);
    format!(
        "//*[(self::button or self::a or self::summary) and not(@aria-hidden='true') and \
         (@aria-label={name} or (not(@aria-label) and normalize-space(.)={name}))]"
    )
}

/// A field by its label: around it, beside it, or told to a screen reader only.
pub fn field(label: &str) -> String {
    let label = quoted(label);
    format!(
        "//*[(self::input or self::textarea or self::select) and not(@type='hidden') and \
         (@aria-label={label} or @id=//label[normalize-space(.)={label}]/@for \
         or ancestor::label[normalize-space(.)={label}])]"
    )
}

/// The element that shows a text, with nothing else that it would need a wait for.
pub fn shows(text: &str) -> String {
    format!("//body[contains(normalize-space(.), {})]", quoted(text))
}

/// The row of a blocked address.
pub fn row(address: &str) -> String {
    format!("//tr[@data-key={}]", quoted(address))
}

/// The page without it.
pub fn without(xpath: &str) -> String {
    format!("/html[not({xpath})]")
}

/// A text as XPath 1 writes it, which knows no escapes.
pub fn quoted(text: &str) -> String {
    if !text.contains('\'') {
        return format!("'{text}'");
    }
    let parts: Vec<String> = text.split('\'').map(|part| format!("'{part}'")).collect();
    format!("concat({})", parts.join(", \"'\", "))
}
