mod languages;
mod render;
