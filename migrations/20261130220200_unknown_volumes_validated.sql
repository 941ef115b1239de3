ALTER TABLE barlift.differences VALIDATE CONSTRAINT differences_check;
ALTER TABLE barlift.differences VALIDATE CONSTRAINT differences_check1;
