//! Embeds the folder with the templates.

fn main() {
    minijinja_embed::embed_templates!("templates");
}
