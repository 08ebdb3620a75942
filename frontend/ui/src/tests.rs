mod languages;
mod render;
mod staff;
