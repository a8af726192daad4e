//! The templates: in the binary, compiled once, strict about what a view must give them.

use minijinja::{Environment, UndefinedBehavior, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use crate::assets;

/// What a template shows: one type for each page. Every view has a field `frame`, for what stands around the page.
pub(crate) trait Page: Serialize {
    /// The template's name.
    const TEMPLATE: &'static str;
}

/// The compiled templates. Names end in `.html`, which is what turns escaping on.
pub(crate) struct Templates(Environment<'static>);

const SOURCES: [(&str, &str); 7] = [
    ("create.html", include_str!("../templates/create.html")),
    ("details.html", include_str!("../templates/details.html")),
    ("error.html", include_str!("../templates/error.html")),
    ("forms.html", include_str!("../templates/forms.html")),
    ("layout.html", include_str!("../templates/layout.html")),
    ("list.html", include_str!("../templates/list.html")),
    ("parts.html", include_str!("../templates/parts.html")),
];

impl Templates {
    /// Compiles them.
    pub(crate) fn new() -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment
            .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
        environment.add_global("stylesheet", assets::STYLESHEET.file.as_str());
        environment.add_global("icon", assets::ICON.file.as_str());
        for (name, source) in SOURCES {
            environment.add_template(name, source)?;
        }
        Ok(Self(environment))
    }

    /// Fills a page's template.
    pub(crate) fn render<P: Page>(&self, page: &P) -> Result<String, minijinja::Error> {
        self.0.get_template(P::TEMPLATE)?.render(Serde(page))
    }
}
