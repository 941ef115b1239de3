-- What a file that was imported all the same looks like beside its series: the same bars in another time zone, say.
ALTER TABLE barlift.tasks ADD COLUMN shape_conflict text;
