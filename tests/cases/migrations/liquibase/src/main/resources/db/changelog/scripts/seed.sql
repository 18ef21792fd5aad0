INSERT INTO regions (id) VALUES (1);
