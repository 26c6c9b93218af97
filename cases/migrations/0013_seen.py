"""What headers say of sides, views, speed, day and uptake."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0012_review'),
    ]

    operations = [
        migrations.AddField(
            model_name='frame',
            name='laterality',
            field=models.CharField(blank=True, max_length=1),
        ),
        migrations.AddField(
            model_name='frame',
            name='sides',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='frame',
            name='uptake_factor',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='frame',
            name='view',
            field=models.CharField(blank=True, max_length=8),
        ),
        migrations.AddField(
            model_name='series',
            name='frame_rate',
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name='series',
            name='study_date',
            field=models.DateField(null=True),
        ),
        migrations.AddField(
            model_name='series',
            name='uptake_problem',
            field=models.CharField(blank=True, max_length=16),
        ),
    ]
