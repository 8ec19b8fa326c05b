/* What a validator is made of, for validator.c and the codec alone. */
#ifndef FLEXDB_MODEL_VALIDATOR_PARTS_H
#define FLEXDB_MODEL_VALIDATOR_PARTS_H

#include "base/arena.h"
#include "base/names.h"
#include "model/validator.h"

/* How a member's value is written; what is left of a type once its value is normalized. */
enum member_form {
    FORM_INTEGER,
    FORM_BOOLEAN,
    FORM_PLAIN, /* text that needs no escapes: decimals, dates, datetimes, ids */
    FORM_TEXT,  /* strings and texts: judged and escaped in one pass */
    FORM_JSON
};

/* The member text is padded with zeros, so that copying and comparing may take whole steps of 16 bytes. */
enum { MEMBER_STEP = 16 };

/* A column, as the codec meets it; in the order in which members are written. */
struct member {
    const struct compiled_column *column;
    const char *text; /* `"key":`, padded to a multiple of MEMBER_STEP */
    uint32_t length;
    uint32_t slot;
    enum member_form form;
    bool required;
    bool keeps_null; /* has an initial default, so that no value is written as null */
};

/* What a definition says in expressions. */
struct expressions {
    bool any;                /* false: the definition has none, and nothing else here is looked at */
    struct formula **values; /* by slot; NULL where the column is written */
    uint32_t *order;         /* of the computed columns: each behind those that it reads */
    size_t computed;
    struct formula **checks; /* by the definition's checks */
};

struct validator {
    size_t references;
    struct arena arena;
    struct definition *definition;
    struct compiled_column *columns;
    flexdb_shape shape;
    flexdb_field *fields;
    struct names slots;     /* name → slot, system fields included */
    struct member *members; /* shape.columns of them: first scalars, then texts and json */
    size_t first_text;      /* where those begin */
    uint32_t *places;       /* slot → place in members */
    size_t fixed_size;      /* an upper bound of a document's bytes without its given texts and json */
    size_t scratch_size;    /* the same for what normalized scalars take in scratch */
    struct expressions expressions;
    bool was_computed; /* its only column, in the definition that it was taken from */
};

/* At most so many bytes for the document of one record. */
enum { CODEC_MAX_DOCUMENT = 8 * 1024 * 1024 };

#endif
