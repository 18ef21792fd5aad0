-- transactional: false
-- depends: 20230201_01_Xy9zZ-orders
-- depends: 20230202_01_Qr5sT-notes

CREATE TABLE rules (id INTEGER);
-- depends: not-a-dependency-down-here
